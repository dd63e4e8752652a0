/**
 * Queue of decisions to send. Each is kept in the tab's session storage until the service responds. After a reload it
 * is sent again with the same Idempotency-Key, so it is applied once.
 */
export type Action = 'approve' | 'reject' | 'spam' | 'hold'

export interface Ref {
  id: string
  version: number
}

export interface Decide {
  kind: 'decide'
  site: string
  key: string
  action: Action
  reason: string
  note: string
  /** For a campaign, the comment whose card represents it. */
  comments: Ref[]
  campaign?: { id: string; upto: number }
}

export interface Undo {
  kind: 'undo'
  site: string
  key: string
  /** The key of the decision to undo if this tab made it, otherwise "". */
  of: string
  batch: string
  ids: string[]
}

export type Step = Decide | Undo

export interface Conflict {
  id: string
  code: string
}

/** A decision against a confident prediction, possibly a wrong key. */
export interface Contradiction {
  id: string
  spam: number
}

export interface Answer {
  batch: string | null
  decided?: number
  undone?: number
  unchanged?: number
  /** Members of a campaign that need another request. */
  remaining?: number
  conflicts: Conflict[]
  contradictions?: Contradiction[]
}

export interface Listener {
  done(step: Step, answer: Answer): void
  refused(step: Step, detail: string): void
  signedOut(): void
  /** Receives the number of unsaved steps. */
  waiting(n: number): void
}

const unsavedAfter = 600 // ms before a step is reported as unsaved
const maxConcurrent = 4 // concurrent requests
const backoff = [500, 1000, 2000, 5000, 10000]

export class Outbox {
  readonly #name: string
  readonly #listener: Listener
  #steps: Step[]
  readonly #sending = new Set<Step>()
  #halted = false
  #retries = 0

  constructor(account: string, listener: Listener) {
    this.#name = `aitys:unsaved:${account}`
    this.#listener = listener
    this.#steps = JSON.parse(sessionStorage.getItem(this.#name) ?? '[]') as Step[]
    addEventListener('online', () => this.#retry())
    addEventListener('pagehide', () => this.#flush())
  }

  /** Returns the unsaved steps in order. */
  get steps(): readonly Step[] {
    return this.#steps
  }

  add(step: Step): void {
    this.#steps.push(step)
    this.#store()
    setTimeout(() => this.#notify(), unsavedAfter)
    this.send()
  }

  /** Sends unsaved steps concurrently. A step that depends on an earlier one waits for it. */
  send(): void {
    for (const step of [...this.#steps]) {
      if (this.#halted || this.#sending.size === maxConcurrent) return
      if (this.#sending.has(step) || this.#dependsOnEarlier(step)) continue
      this.#sending.add(step)
      this.#sendOne(step).then(saved => {
        this.#sending.delete(step)
        if (saved) this.send()
        else this.#halted = true
        this.#notify()
      })
    }
  }

  /**
   * Reports whether a step shares a comment with an earlier step. Steps with unknown comments depend on all earlier
   * ones.
   */
  #dependsOnEarlier(step: Step): boolean {
    const ids = named(step)
    return this.#steps.slice(0, this.#steps.indexOf(step)).some(earlier => {
      const theirs = named(earlier)
      return ids.length === 0 || theirs.length === 0 || theirs.some(id => ids.includes(id))
    })
  }

  /** Sends one step. Returns false if it has to be sent again. */
  async #sendOne(step: Step): Promise<boolean> {
    if (step.kind === 'undo' && step.batch === '') {
      this.#finish(step, { batch: null, undone: 0, conflicts: [] })
      return true
    }
    let response: Response
    try {
      response = await this.#post(step)
    } catch {
      return this.#retryLater()
    }
    if (response.status === 401) {
      this.#listener.signedOut()
      return false
    }
    if (response.status >= 500 || response.status === 429 || response.status === 408) return this.#retryLater()
    const body = await response.json().catch(() => ({}))
    this.#retries = 0
    if (response.ok) this.#finish(step, body as Answer)
    else this.#refuse(step, String((body as { detail?: unknown }).detail ?? response.status))
    return true
  }

  #post(step: Step): Promise<Response> {
    const undo = step.kind === 'undo'
    const decisions = `/api/v1/sites/${encodeURIComponent(step.site)}/moderation/decisions`
    const url = undo ? `${decisions}/${encodeURIComponent(step.batch)}/undo` : decisions
    const body = undo
      ? {}
      : {
          action: step.action,
          reason: step.reason || undefined,
          note: step.note || undefined,
          ...(step.campaign ? { campaign: step.campaign } : { comments: step.comments }),
        }
    return fetch(url, {
      method: 'POST',
      keepalive: true,
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': step.key },
      body: JSON.stringify(body),
    })
  }

  /** Halts sending and schedules one retry with backoff. */
  #retryLater(): false {
    if (!this.#halted) setTimeout(() => this.#retry(), backoff[Math.min(this.#retries++, backoff.length - 1)])
    this.#halted = true
    return false
  }

  #retry(): void {
    this.#halted = false
    this.send()
  }

  #finish(step: Step, answer: Answer): void {
    this.#steps = this.#steps.filter(s => s !== step)
    for (const s of this.#steps) {
      if (s.kind === 'undo' && s.of === step.key) s.batch = answer.batch ?? ''
    }
    this.#store()
    this.#listener.done(step, answer)
  }

  #refuse(step: Step, detail: string): void {
    this.#steps = this.#steps.filter(s => s !== step && !(s.kind === 'undo' && s.of === step.key))
    this.#store()
    this.#listener.refused(step, detail)
  }

  #store(): void {
    if (this.#steps.length === 0) sessionStorage.removeItem(this.#name)
    else sessionStorage.setItem(this.#name, JSON.stringify(this.#steps))
  }

  #notify(): void {
    this.#listener.waiting(this.#steps.length)
  }

  /** Sends all remaining steps when the page is unloaded. They are sent again after a reload. */
  #flush(): void {
    for (const step of this.#steps) {
      if (!this.#sending.has(step) && (step.kind === 'decide' || step.batch !== ''))
        this.#post(step).catch(() => undefined)
    }
  }
}

/** Returns the IDs of a step's comments. */
export function named(step: Step): string[] {
  return step.kind === 'undo' ? step.ids : step.comments.map(c => c.id)
}

/** Returns a random Idempotency-Key. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, b => b.toString(16).padStart(2, '0')).join('')
}
