/** What the widget knows of the service: its answers, and the one way to ask. */

export interface Comment {
  id: string
  version: number
  parent: string | null
  depth: number
  state: string
  author: { name: string | null; badge: string | null; url: string | null; verified: boolean } | null
  html: string | null
  lang: string
  created_at: string
  edited_at: string | null
  redacted_at?: string | null
  votes: number
  /** Under which demand it is not shown, where its state is withheld and the demand is not sealed. */
  withheld?: { by: string | null; kind: string; law: string; at: string } | null
}

export interface Page {
  url: string
  title: string
  open: boolean
  count: number
}

export interface Settings {
  rules?: string
  signin_url?: string
  max_length?: number
  votes?: boolean
  /** What a writer has to give: anyone, name, email (and a name), verified or account. */
  who?: string
  /** Whether the service sends mail. */
  mail?: boolean
  /** By which providers somebody may sign in in the service's window. */
  providers?: string[]
  /** Within which time comments are usually decided, such as 3h. */
  usually?: string | null
}

export interface Listing {
  page: Page
  settings: Settings
  comments: Comment[]
  next: string | null
}

export interface FieldError {
  field: string
  code: string
}

/** Why the service did not do what it was asked. Code is the contract's, or `network` when no answer came. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    readonly status = 0,
    readonly wait = 0,
    readonly fields: FieldError[] = [],
  ) {
    super(code)
  }
}

const patience = 20_000

/** Asks and returns what was answered, or throws a Failure. Sends no cookies. */
export async function ask<T>(url: string, init: RequestInit = {}): Promise<T> {
  try {
    const answer = await fetch(url, { credentials: 'omit', signal: AbortSignal.timeout(patience), ...init })
    if (answer.ok) return (answer.status === 204 ? null : await answer.json()) as T
    const problem = await answer.json().catch(() => ({}))
    throw new Failure(
      problem.code ?? 'unknown',
      answer.status,
      +(answer.headers.get('Retry-After') as string) || 0,
      problem.errors ?? [],
    )
  } catch (cause) {
    throw cause instanceof Failure ? cause : new Failure('network')
  }
}
