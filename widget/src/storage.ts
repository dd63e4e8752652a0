/** Drafts, own comments and the commenter's name in localStorage. If the browser refuses storage, they are not kept. */

export interface Draft {
  text: string
  parent: { id: string; name: string } | null
  /** The values of the other fields. */
  person?: Person
  /** The Idempotency-Key of the last attempt to send this text. */
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

/** A signed-in commenter, from the sign-in window or the site's SSO token. Valid on this site until it expires. */
export interface Identity {
  identity: string
  name: string | null
  badge: string | null
  expires_at: string
}

const maxOwn = 100

export class BrowserStorage {
  readonly #ownKey: string
  readonly #draftsKey: string
  readonly #identityKey: string

  constructor(site: string, page: string) {
    this.#ownKey = `aitys:${site}:own`
    this.#identityKey = `aitys:${site}:identity`
    this.#draftsKey = `aitys:${site}:draft:${page}`
  }

  /** The page's drafts, one per parent. The most recently edited is last. */
  get drafts(): Draft[] {
    return read<Draft[]>(this.#draftsKey) ?? []
  }

  /** Stores a draft in place of the one with the same parent. Without text, removes it. */
  keepDraft(draft: Draft) {
    const others = this.drafts.filter(d => d.parent?.id !== draft.parent?.id)
    write(this.#draftsKey, draft.text ? [...others, draft] : others)
  }

  /** Returns the drafts before a change by another tab, or null if the event is about something else. */
  oldDrafts({ key, oldValue }: StorageEvent): Draft[] | null {
    return key === this.#draftsKey ? (JSON.parse(oldValue ?? 'null') ?? []) : null
  }

  get own(): Own[] {
    return read<Own[]>(this.#ownKey) ?? []
  }

  /** Stores or updates an own comment. Reports whether the browser stored it. */
  keepOwn(own: Own): boolean {
    return write(this.#ownKey, [...this.own.filter(o => o.id !== own.id), own].slice(-maxOwn))
  }

  forgetOwn(id: string) {
    write(
      this.#ownKey,
      this.own.filter(o => o.id !== id),
    )
  }

  /** The identity for this site, if it has not expired. */
  get identity(): Identity | null {
    const who = read<Identity>(this.#identityKey)
    return who && Date.parse(who.expires_at) > Date.now() ? who : null
  }

  set identity(who: Identity | null) {
    write(this.#identityKey, who)
  }

  /** Reports whether the event is a sign-in or sign-out in another tab. */
  isLogin({ key }: StorageEvent): boolean {
    return key === this.#identityKey
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
