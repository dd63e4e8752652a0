/** The view's interface for the parts. Types only: view.ts imports the parts, so parts import this file instead. */

import type { Comment, Listing, Page, Settings } from './client'
import type { Words } from './i18n'
import type { Parts } from './parts'
import type { Thread } from './thread'
import type { Writer } from './writer'

export interface Config {
  /** The service's address, with a slash at the end. */
  base: string
  /** The folder of the widget's files. */
  parts: string
  site: string
  page: string
  title: string
  lang: string
  sort: string
}

/** The range of a thread to fetch: after a position, or around a comment. */
export type Slice = { after?: string; around?: string; sort?: string }

export interface Stage {
  readonly host: HTMLElement
  readonly config: Config
  readonly root: ShadowRoot
  readonly section: HTMLElement
  /** Aborted when the element leaves the page. */
  readonly gone: AbortSignal
  readonly t: Words
  /** All words of a language other than English. The English words are bundled with each part. */
  words?: typeof import('./words/ru')
  readonly settings: Settings
  readonly page: Page
  readonly thread: Thread
  /** The form: one labelled line until form.ts completes it in place. */
  form?: HTMLFormElement

  /** The position where the rest of the thread begins, and the size of the next step. */
  next: string | null
  step: number
  /** IDs of comments that arrived while the thread was read; they stay behind those loaded later. */
  readonly late: string[]
  /** Whether the list begins at the comment that the page's address names. */
  readonly inside: boolean
  /** The number of published comments that are not loaded, and of new ones that are not shown. */
  rest: number
  fresh: number
  /** When the list that is shown was requested. */
  readonly version: number
  /** Whether a static copy is shown, which never changes. */
  copy?: boolean
  /** Whether a mirror answers instead of the service. */
  mirrored?: boolean
  /** Reports whether an event of a field may reach the page. Set by parts that have fields. */
  passes?: (event: Event) => boolean

  /** Returns an address of this site in the API, at the service or at another base. */
  api(path: string, base?: string): string
  /** Loads a part and calls use with it. If the part cannot be loaded, nothing happens. */
  use<N extends keyof Parts<Stage>>(name: N, use: (part: Parts<Stage>[N]) => void): void
  /** Dispatches an event on the element. */
  fire(name: 'ready' | 'posted' | 'error', detail: object): void
  /** Announces a sentence to screen readers. */
  say(sentence: string): void

  load(around?: string | null): Promise<void>
  fetch(limit: number, slice: Slice): Promise<Listing>
  resort(sort: string): Promise<void>
  newer(version: number): boolean
  writer(): Promise<Writer>
  try(what: () => Promise<void>, again: () => void): Promise<void>

  add(c: Comment, ahead?: boolean): HTMLElement
  addAll(comments: Comment[], added?: (node: HTMLElement) => void): Promise<boolean>
  actions(c: Comment): HTMLElement | undefined
  body(html: string): DocumentFragment
  count(): void
  drawn(): void
  mine(): void
}
