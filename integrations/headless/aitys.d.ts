/**
 * The API of a comment thread for pages that render comments themselves.
 *
 *     import { createThread } from 'https://comments.example/embed-headless.js'
 *
 * Copy this file to your sources and map it to that URL, or import a copy of the script.
 */

export interface ThreadOptions {
  /** URL of the service, with a trailing slash. */
  base: string
  /** Key of the site. */
  site: string
  /** Absolute URL of the page. */
  page: string
  /** Title of the page, shown to moderators. */
  title?: string
  lang?: 'en' | 'ru' | 'kk'
  sort?: 'oldest' | 'newest' | 'top'
}

export interface Author {
  name: string | null
  badge: string | null
  url: string | null
  verified: boolean
}

/** A comment as readers see it. If it is removed or withheld, author and html are null. */
export interface Comment {
  id: string
  version: number
  parent: string | null
  depth: number
  state: string
  author: Author | null
  /** Safe HTML with only p br strong em del code pre blockquote ul ol li a, and the attributes href and rel. */
  html: string | null
  lang: string
  created_at: string
  edited_at: string | null
  votes: number
  replies: number
  permalink: string
}

export interface Listing {
  page: { url: string; title: string; open: boolean; count: number }
  settings: Record<string, unknown>
  comments: Comment[]
  /** Cursor of the next comments, or null if there are no more. */
  next: string | null
}

export interface Draft {
  body: string
  /** ID of the comment that this one replies to. */
  parent?: string | null
  name?: string | null
  email?: string | null
  website?: string | null
  /** Identity of a signed-in reader, instead of name, email and website. */
  identity?: string
}

/** The result of submitting a comment. A duplicate has no edit token. */
export interface Submitted {
  id: string
  state: string
  html?: string
  duplicate: boolean
  /** Allows edits and withdrawal. Store it where only the commenter can read it. */
  edit_token?: string
  edit_until?: string
}

export interface Preview {
  html: string
  /** The likely reason for a rejection, and the words with the most weight. */
  likely: { reason: 'hate_speech' | 'obscenity' | 'personal_attack'; words: string[] } | null
}

export interface Events {
  /** A comment was published, or published again. */
  comment?: (comment: Comment) => void
  /** A comment was removed or withheld. A withheld comment has a notice. */
  removed?: (gone: { id: string }) => void
  count?: (count: number) => void
  /** Too many events were missed: load the thread again. */
  reload?: () => void
}

export interface Thread {
  /** Loads the first comments. */
  load(): Promise<Listing>
  /** Loads the next comments. Returns an empty list if there are no more. */
  more(): Promise<Comment[]>
  /** Call this when the reader starts to write. The time until submit helps to detect bots. */
  open(): void
  preview(body: string): Promise<Preview>
  submit(draft: Draft): Promise<Submitted>
  edit(id: string, token: string, body: string): Promise<Submitted>
  withdraw(id: string, token: string): Promise<void>
  /** Calls the handlers for live events. The returned function stops it. */
  follow(events: Events): () => void
}

/** A failed request. `code` is an error code of the API, or `network`. */
export interface Failure extends Error {
  code: string
  status: number
  /** Seconds to wait before a retry. */
  wait: number
  fields: { field: string; code: string }[]
}

export declare function createThread(options: ThreadOptions): Thread
