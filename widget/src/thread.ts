/** The nodes of a comment and of a thread. This file sends no requests. */

import type { Comment } from './client'
import { about, el } from './dom'
import { ago, plural, type Words } from './i18n'
import { nodes, safe } from './markup'

/** The deepest indented level. Deeper replies are on the same level, with "to NAME". */
const maxIndent = 3

/** The common nodes of all comments. Cloning nodes is several times faster than creating them. */
let template: HTMLLIElement

/** Returns the article of a comment, in a list item of its own. Acts are the buttons below the text. */
export function article(
  c: Comment,
  t: Words,
  to: string | null,
  acts: HTMLElement = el('div', { class: 'acts' }),
): HTMLElement {
  template ??= el(
    'li',
    {},
    el(
      'article',
      { part: 'comment', class: 'c', tabindex: -1 },
      el('span', { class: 'ini', 'aria-hidden': 'true' }),
      el('header', { part: 'meta', class: 'meta' }, el('b', { part: 'author' }, el('bdi')), el('a', {}, el('time'))),
      el('div', { part: 'content', class: 'text', dir: 'auto' }),
    ),
  )
  const node = template.cloneNode(true).firstChild as HTMLElement
  node.id = `aitys-${c.id}`
  if (c.html === null) {
    node.replaceChildren(el('p', { class: `text gone ${c.state}` }, c.state === 'withheld' ? '…' : t.gone))
    return node
  }
  const name = c.author?.name || t.anonymous
  const id = `by-${c.id}`
  const site = c.author?.url && safe(c.author.url)
  const badge = c.author?.badge
  const ini = node.firstChild as HTMLElement
  const meta = ini.nextSibling as HTMLElement
  const by = meta.firstChild as HTMLElement
  const who = by.firstChild as HTMLElement
  const link = by.nextSibling as HTMLAnchorElement
  const time = link.firstChild as HTMLTimeElement
  const content = meta.nextSibling as HTMLElement
  node.setAttribute('aria-labelledby', id)
  ini.textContent = initial(name)
  by.id = id
  who.textContent = name
  if (site) by.append(el('a', { href: site, rel: 'nofollow ugc noopener' }, who))
  link.href = `#aitys-${c.id}`
  time.dateTime = c.created_at
  time.textContent = ago(new Date(c.created_at), t)
  if (badge) link.before(el('span', { class: 'badge' }, t.roles[badge as keyof Words['roles']]))
  else if (c.author?.verified) link.before(el('span', {}, t.verified))
  if (c.edited_at) meta.append(el('span', {}, t.edited))
  if (c.redacted_at) meta.append(el('span', {}, t.redacted))
  if (to) meta.append(el('span', {}, ...about(t.to, to)))
  content.lang = c.lang === 'und' ? '' : c.lang
  content.append(nodes(c.html))
  node.append(acts)
  return node
}

/** Returns the first visible character: a flag, a letter with its marks, or a joined emoji. */
function initial(name: string): string {
  return /\p{RI}{2}|.(\p{M}|\p{EMod}|\u200d.)*|/su.exec(name.trim())?.[0].toUpperCase() as string
}

interface Entry {
  comment: Comment
  item: HTMLLIElement
  /** The comment whose reply list contains this one. */
  under: Entry | null
  level: number
  replies: { list: HTMLOListElement; summary: HTMLElement; count: number } | null
}

/** The list of a page's comments. Comments are added one by one, in order. */
export class Thread {
  /** The first list. Each step of a long thread adds another. */
  readonly list = el('div', {}, el('ol', { part: 'list', class: 'list' }))
  readonly #entries = new Map<string, Entry>()

  constructor(readonly t: Words) {}

  /** Returns the article of a comment, or null if it is not loaded. */
  article(id: string): HTMLElement | null {
    return this.#entries.get(id)?.item.querySelector('article') ?? null
  }

  /** The number of loaded published comments. */
  get shown(): number {
    return [...this.#entries.values()].filter(p => p.comment.state === 'approved').length
  }

  comment(id: string): Comment | null {
    return this.#entries.get(id)?.comment ?? null
  }

  /**
   * Adds a comment: below its parent if that is loaded, or else at the end of the list, or at its beginning if first is
   * true. A loaded comment is drawn again in place.
   */
  add(c: Comment, acts?: HTMLElement, first = false): HTMLElement {
    const parent = this.#entries.get(c.parent ?? '')
    const tooDeep = parent !== undefined && parent.level >= maxIndent
    const under = tooDeep ? parent.under : (parent ?? null)
    const to = tooDeep ? (parent.comment.author?.name ?? this.t.anonymous) : null
    const node = article(c, this.t, to, acts)
    const existing = this.#entries.get(c.id)
    if (existing) {
      existing.comment = c
      existing.item.firstElementChild?.replaceWith(node)
      return node
    }
    const entry: Entry = {
      comment: c,
      item: node.parentElement as HTMLLIElement,
      under,
      level: under ? under.level + 1 : 0,
      replies: null,
    }
    this.#entries.set(c.id, entry)
    if (under) this.#addReply(under, entry.item)
    else if (first) this.list.firstElementChild?.prepend(entry.item)
    else this.list.lastElementChild?.append(entry.item)
    return node
  }

  #addReply(parent: Entry, item: HTMLLIElement) {
    if (!parent.replies) {
      const list = el('ol')
      const summary = el('summary')
      parent.item.append(el('details', { open: true }, summary, list))
      parent.replies = { list, summary, count: 0 }
    }
    parent.replies.list.append(item)
    for (let p: Entry | null = parent; p?.replies; p = p.under) {
      p.replies.count++
      p.replies.summary.replaceChildren(plural(this.t.replies, p.replies.count, this.t))
    }
  }
}
