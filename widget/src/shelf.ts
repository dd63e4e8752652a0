/** What this browser keeps for its reader: drafts, own comments, the name. A browser may refuse; then nothing is kept. */

export interface Draft {
  text: string
  parent: { id: string; name: string } | null
  /** What stood in the other fields. */
  person?: Person
  /** The Idempotency-Key under which this text was tried. */
  key?: string
}

export interface Own {
  id: string
  page: string
  token: string
  /** The last known state. A published comment is requested again only if the whole thread is loaded without it. */
  state: string
}

export interface Person {
  name: string
  email: string
}

/** What the service's window handed over, or gave for a word of the site: it writes on this site alone, until it expires. */
export interface Identity {
  identity: string
  name: string | null
  badge: string | null
  expires_at: string
}

const most = 100

export class Shelf {
  readonly #site: string
  readonly #page: string
  readonly #who: string

  constructor(site: string, page: string) {
    this.#site = `aitys:${site}:own`
    this.#who = `aitys:${site}:identity`
    this.#page = `aitys:${site}:draft:${page}`
  }

  /** The drafts of the page, by the comment they answer; the last one touched is last. */
  get drafts(): Draft[] {
    return read<Draft[]>(this.#page) ?? []
  }

  /** Keeps a draft in place of the one with the same parent; one without text is forgotten. */
  keepDraft(draft: Draft) {
    const others = this.drafts.filter(d => d.parent?.id !== draft.parent?.id)
    write(this.#page, draft.text ? [...others, draft] : others)
  }

  /** Whether the drafts of the page are what another tab changed, and which they were before. */
  changed({ key, oldValue }: StorageEvent): Draft[] | null {
    return key === this.#page ? (JSON.parse(oldValue ?? 'null') ?? []) : null
  }

  get own(): Own[] {
    return read<Own[]>(this.#site) ?? []
  }

  /** Keeps a comment of one's own, in place of what was known of it. Reports whether the browser did. */
  keepOwn(own: Own): boolean {
    return write(this.#site, [...this.own.filter(o => o.id !== own.id), own].slice(-most))
  }

  forgetOwn(id: string) {
    write(
      this.#site,
      this.own.filter(o => o.id !== id),
    )
  }

  /** Who signed in to write on this site. */
  get identity(): Identity | null {
    const who = read<Identity>(this.#who)
    return who && Date.parse(who.expires_at) > Date.now() ? who : null
  }

  set identity(who: Identity | null) {
    write(this.#who, who)
  }

  /** Whether somebody signed in or out in another tab. */
  turned({ key }: StorageEvent): boolean {
    return key === this.#who
  }

  get person(): Person | null {
    return read<Person>('aitys:person')
  }

  set person(person: Person | null) {
    write('aitys:person', person)
  }
}

function read<T>(key: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as T | null
  } catch {
    return null
  }
}

function write(key: string, value: unknown): boolean {
  try {
    if (value === null || (Array.isArray(value) && value.length === 0)) localStorage.removeItem(key)
    else localStorage.setItem(key, JSON.stringify(value))
    return true
  } catch {
    return false
  }
}
