/** Types of the service's answers, and the function that sends requests. */

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
  /** The legal request, if the state is withheld and the request is not confidential. */
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
  /** What commenters must provide: anyone (nothing), name, email (and a name), verified or account. */
  who?: string
  /** Whether the service sends mail. */
  mail?: boolean
  /** The providers for signing in, in the service's window. */
  providers?: string[]
  /** The usual time until a decision, such as 3h. */
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

/** A failed request. Code is the API's error code, or `network` if no answer arrived. */
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

/** In milliseconds. */
const requestTimeout = 20_000

/** Sends a request without cookies. Returns the answer's JSON, or throws a Failure. */
export async function request<T>(url: string, init: RequestInit = {}): Promise<T> {
  try {
    const answer = await fetch(url, { credentials: 'omit', signal: AbortSignal.timeout(requestTimeout), ...init })
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
