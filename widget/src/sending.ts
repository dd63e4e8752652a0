/** The way of a comment to the service. */

import { ask, type Comment, Failure } from './client'
import { clock, el, icon } from './dom'
import { type FormWords, plural, type Words } from './i18n'

/** What the service answers to a comment; the same again has neither token nor text. */
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
  return ask<T>(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/**
 * Sends a comment under a key, so that a retry makes no second one. Where the key went with other
 * particulars before (another name, say), it is a new comment and gets the spare one.
 */
export async function send(url: string, comment: object, key: string, spare: string): Promise<Answer> {
  try {
    return await post<Answer>(url, comment, { 'Idempotency-Key': key })
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== 'idempotency.mismatch') throw cause
    return post<Answer>(url, comment, { 'Idempotency-Key': spare })
  }
}

/** 128 random bits; randomUUID would want https. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('')
}

/** The comment as its writer sees it until the service is asked for it. */
export function asComment(answer: Answer, author: Comment['author'], parent: string | null): Comment {
  const { id, state, html, created_at } = answer
  return { id, version: 1, parent, depth: 0, state, author, html, lang: 'und', created_at, edited_at: null, votes: 0 }
}

/** How long comments usually wait, as far as the service knows. */
export function usual(usually: string | null | undefined, t: FormWords, words: Words): string {
  const hours = Number.parseInt(usually ?? '', 10)
  return hours > 0 ? plural(t.usually, hours, words) : ''
}

/** The id of the message that is shown after a comment was posted. */
export const postedId = (id: string) => `posted-${id}`

/** Says what became of a comment; kept is whether this browser will know it after a reload, usually how long it waits. */
export function report(
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
