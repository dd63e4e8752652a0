/** Sends comments, and builds the message after posting. */

import { type Comment, Failure, request } from './client'
import { clock, el, icon } from './dom'
import { type FormWords, plural, type Words } from './i18n'

/** The service's answer to a comment. For a duplicate it has neither token nor text. */
export interface Answer {
  id: string
  state: string
  html: string
  created_at: string
  duplicate: boolean
  edit_token?: string
  edit_until?: string
}

export function post<T>(url: string, body: object, headers: Record<string, string> = {}): Promise<T> {
  return request<T>(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/**
 * Sends a comment with an idempotency key, so that a retry creates no second comment. If the key was used with other
 * data before, such as another name, the comment is new and is sent with the spare key.
 */
export async function send(url: string, comment: object, key: string, spare: string): Promise<Answer> {
  try {
    return await post<Answer>(url, comment, { 'Idempotency-Key': key })
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== 'idempotency.mismatch') throw cause
    return post<Answer>(url, comment, { 'Idempotency-Key': spare })
  }
}

/** Returns 128 random bits in hexadecimal. crypto.randomUUID would need https. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('')
}

/** Returns the posted comment as its author sees it until the next request. */
export function asComment(answer: Answer, author: Comment['author'], parent: string | null): Comment {
  const { id, state, html, created_at } = answer
  return { id, version: 1, parent, depth: 0, state, author, html, lang: 'und', created_at, edited_at: null, votes: 0 }
}

/** Returns a sentence with the usual time until a decision, or '' if it is unknown. */
export function waitText(usually: string | null | undefined, t: FormWords, words: Words): string {
  const hours = Number.parseInt(usually ?? '', 10)
  return hours > 0 ? plural(t.usually, hours, words) : ''
}

/** Returns the DOM id of the message after posting. */
export const postedId = (id: string) => `posted-${id}`

/** Returns the message after posting. Kept: the browser stored the comment. Usually: the sentence of waitText. */
export function postedMessage(
  answer: Answer,
  kept: boolean,
  usually: string,
  t: FormWords,
  words: Words,
  another: HTMLElement,
): HTMLElement {
  const minutes = answer.edit_until ? Math.round((Date.parse(answer.edit_until) - Date.now()) / 60_000) : 0
  const more = minutes > 0 ? plural(t.change, minutes, words) : t.noChange
  const [title, then] = answer.duplicate
    ? [t.again, t.againMore]
    : answer.state === 'approved'
      ? [t.published, more]
      : [t.posted, `${usually} ${kept ? t.kept : t.unkept} ${more}`.trimStart()]
  return el(
    'div',
    {
      part: 'status',
      role: 'status',
      class: 'box posted',
      tabindex: -1,
      id: answer.duplicate ? null : postedId(answer.id),
    },
    el('strong', { class: 'row' }, icon(clock), title),
    el('p', {}, then),
    el('div', { class: 'row' }, another),
  )
}
