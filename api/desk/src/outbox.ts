/**
 * Decisions on their way. Each is kept in the tab's storage until the service has answered,
 * and sent again after a reload with the same Idempotency-Key: it counts once.
 */
export type Action = 'approve' | 'reject' | 'spam' | 'hold'

export interface Ref {
  id: string
  version: number
}

export interface Decide {
  kind: 'decide'
  key: string
  action: Action
  reason: string
  note: string
  /** Of a campaign, the one that stands for all. */
  comments: Ref[]
  campaign?: { id: string; upto: number }
}

export interface Undo {
  kind: 'undo'
  key: string
  /** The key of the decision to take back, where this tab made it. */
  of: string
  batch: string
  ids: string[]
}

export type Step = Decide | Undo

export interface Conflict {
  id: string
  code: string
}

/** A decision against what the filter was sure of: a slip of the key, perhaps. */
export interface Contradiction {
  id: string
  spam: number
}

export interface Answer {
  batch: string | null
  decided?: number
  undone?: number
  unchanged?: number
  /** Members of a campaign that are left for another request. */
  remaining?: number
  conflicts: Conflict[]
  contradictions?: Contradiction[]
}

export interface Listener {
  done(step: Step, answer: Answer): void
  refused(step: Step, detail: string): void
  signedOut(): void
  /** How many have been waiting long enough to be worth a word. */
  waiting(n: number): void
}

const slow = 600 // ms before a step counts as not yet saved
const abreast = 4 // steps on their way at once
const patience = [500, 1000, 2000, 5000, 10000]

export class Outbox {
  readonly #name: string
  readonly #url: string
  readonly #listener: Listener
  #steps: Step[]
  readonly #going = new Set<Step>()
  #halted = false
  #tries = 0

  constructor(account: string, site: string, listener: Listener) {
    this.#name = `aitys:unsaved:${account}:${site}`
    this.#url = `/api/v1/sites/${encodeURIComponent(site)}/moderation/decisions`
    this.#listener = listener
    this.#steps = JSON.parse(sessionStorage.getItem(this.#name) ?? '[]') as Step[]
    addEventListener('online', () => this.#retry())
    addEventListener('pagehide', () => this.#flush())
  }

  /** The steps that are not saved yet, in order. */
  get steps(): readonly Step[] {
    return this.#steps
  }

  add(step: Step): void {
    this.#steps.push(step)
    this.#keep()
    setTimeout(() => this.#tell(), slow)
    this.send()
  }

  /** Sends what waits, several steps at once. One that rests on an earlier one waits for it. */
  send(): void {
    for (const step of [...this.#steps]) {
      if (this.#halted || this.#going.size === abreast) return
      if (this.#going.has(step) || this.#rests(step)) continue
      this.#going.add(step)
      this.#sendOne(step).then(saved => {
        this.#going.delete(step)
        if (saved) this.send()
        else this.#halted = true
        this.#tell()
      })
    }
  }

  /** Whether an earlier step is about one of the same comments, or about some that nobody here knows. */
  #rests(step: Step): boolean {
    const ids = named(step)
    return this.#steps.slice(0, this.#steps.indexOf(step)).some(earlier => {
      const theirs = named(earlier)
      return ids.length === 0 || theirs.length === 0 || theirs.some(id => ids.includes(id))
    })
  }

  /** Sends one step; false: later again. */
  async #sendOne(step: Step): Promise<boolean> {
    if (step.kind === 'undo' && step.batch === '') {
      this.#drop(step, { batch: null, undone: 0, conflicts: [] })
      return true
    }
    let response: Response
    try {
      response = await this.#post(step)
    } catch {
      return this.#later()
    }
    if (response.status === 401) {
      this.#listener.signedOut()
      return false
    }
    if (response.status >= 500 || response.status === 429 || response.status === 408) return this.#later()
    const body = await response.json().catch(() => ({}))
    this.#tries = 0
    if (response.ok) this.#drop(step, body as Answer)
    else this.#refuse(step, String((body as { detail?: unknown }).detail ?? response.status))
    return true
  }

  #post(step: Step): Promise<Response> {
    const undo = step.kind === 'undo'
    const url = undo ? `${this.#url}/${encodeURIComponent(step.batch)}/undo` : this.#url
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

  /** Tries again after a while; what else fails meanwhile waits for the same. */
  #later(): false {
    if (!this.#halted) setTimeout(() => this.#retry(), patience[Math.min(this.#tries++, patience.length - 1)])
    this.#halted = true
    return false
  }

  #retry(): void {
    this.#halted = false
    this.send()
  }

  #drop(step: Step, answer: Answer): void {
    this.#steps = this.#steps.filter(s => s !== step)
    for (const s of this.#steps) {
      if (s.kind === 'undo' && s.of === step.key) s.batch = answer.batch ?? ''
    }
    this.#keep()
    this.#listener.done(step, answer)
  }

  #refuse(step: Step, detail: string): void {
    this.#steps = this.#steps.filter(s => s !== step && !(s.kind === 'undo' && s.of === step.key))
    this.#keep()
    this.#listener.refused(step, detail)
  }

  #keep(): void {
    if (this.#steps.length === 0) sessionStorage.removeItem(this.#name)
    else sessionStorage.setItem(this.#name, JSON.stringify(this.#steps))
  }

  #tell(): void {
    this.#listener.waiting(this.#steps.length)
  }

  /** The page goes: what has not been sent yet is sent at once, and again after a reload. */
  #flush(): void {
    for (const step of this.#steps) {
      if (!this.#going.has(step) && (step.kind === 'decide' || step.batch !== ''))
        this.#post(step).catch(() => undefined)
    }
  }
}

/** The comments that a step is about. */
export function named(step: Step): string[] {
  return step.kind === 'undo' ? step.ids : step.comments.map(c => c.id)
}

/** An Idempotency-Key. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, b => b.toString(16).padStart(2, '0')).join('')
}
