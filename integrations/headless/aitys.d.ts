/**
 * A thread without a widget: what a page needs that draws its comments itself.
 *
 *     import { createThread } from 'https://comments.example/embed-headless.js'
 *
 * Put this file beside your sources and name it for that address, or import from a copy of the script.
 */

export interface ThreadOptions {
  /** The address of the service, with a slash at its end. */
  base: string
  /** The site's key. */
  site: string
  /** The whole address of the page the thread belongs to. */
  page: string
  /** The page's title, for moderators. */
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

/** A comment as readers see it. Of one that is gone, or withheld, author and html are null. */
export interface Comment {
  id: string
  version: number
  parent: string | null
  depth: number
  state: string
  author: Author | null
  /** Canonical: p br strong em del code pre blockquote ul ol li a, with href and rel alone. */
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
  /** Where the next comments begin; null: there are no more. */
  next: string | null
}

export interface Draft {
  body: string
  /** The id of the comment that this one answers. */
  parent?: string | null
  name?: string | null
  email?: string | null
  website?: string | null
  /** Of who signed in, in the place of the three. */
  identity?: string
}

/** What became of a comment; the same again has no token. */
export interface Submitted {
  id: string
  state: string
  html?: string
  duplicate: boolean
  /** Lets its writer change and withdraw it. Keep it where only they can read it. */
  edit_token?: string
  edit_until?: string
}

export interface Preview {
  html: string
  /** Why it may well be refused, and the words that say so most. */
  likely: { reason: 'hate_speech' | 'obscenity' | 'personal_attack'; words: string[] } | null
}

export interface Events {
  /** A comment was published, or published anew. */
  comment?: (comment: Comment) => void
  /** One is gone; a withheld one comes with its notice. */
  removed?: (gone: { id: string }) => void
  count?: (count: number) => void
  /** Too much was missed: load the thread anew. */
  reload?: () => void
}

export interface Thread {
  /** Loads the first comments. */
  load(): Promise<Listing>
  /** Loads those after the ones that were loaded; of none the list is empty. */
  more(): Promise<Comment[]>
  /** Says that somebody begins to write: a form that was open for a while speaks for a person. */
  open(): void
  preview(body: string): Promise<Preview>
  submit(draft: Draft): Promise<Submitted>
  edit(id: string, token: string, body: string): Promise<Submitted>
  withdraw(id: string, token: string): Promise<void>
  /** Tells of what happens, until the function that it returns is called. */
  follow(events: Events): () => void
}

/** Why the service did not do what it was asked: a code of the API, or `network`. */
export interface Failure extends Error {
  code: string
  status: number
  /** Seconds until it may be tried again. */
  wait: number
  fields: { field: string; code: string }[]
}

export declare function createThread(options: ThreadOptions): Thread
