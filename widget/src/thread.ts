/** Comments as nodes: one comment, and the thread they make. Nothing here asks the service or listens to it. */

import type { Comment } from './client'
import { about, el } from './dom'
import { ago, plural, type Words } from './i18n'
import { nodes, safe } from './markup'

/** The deepest level that still moves to the right; what is below stands beneath it, with "to NAME". */
const deepestIndent = 3

/** What all comments have, in its item: a browser copies nodes in a fraction of the time in which they are made. */
let blank: HTMLLIElement

/** Builds the article of one comment, in an item of its own; what may be done with it stands below its text. */
export function article(
  c: Comment,
  t: Words,
  to: string | null,
  acts: HTMLElement = el('div', { class: 'acts' }),
): HTMLElement {
  blank ??= el(
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
  const node = blank.cloneNode(true).firstChild as HTMLElement
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

/** The first character as people see it: a flag, a letter with its marks, joined emoji. */
function initial(name: string): string {
  return /\p{RI}{2}|.(\p{M}|\p{EMod}|\u200d.)*|/su.exec(name.trim())?.[0].toUpperCase() as string
}

interface Place {
  comment: Comment
  item: HTMLLIElement
  /** The comment whose reply list it stands in, and the list of its own. */
  under: Place | null
  level: number
  replies: { list: HTMLOListElement; summary: HTMLElement; count: number } | null
}

/** The list of a page's comments, grown comment by comment in the order they come. */
export class Thread {
  /** One list; each step of a long thread adds another. */
  readonly list = el('div', {}, el('ol', { part: 'list', class: 'list' }))
  readonly #places = new Map<string, Place>()

  constructor(readonly t: Words) {}

  /** Returns the article that shows a comment, if it is here. */
  article(id: string): HTMLElement | null {
    return this.#places.get(id)?.item.querySelector('article') ?? null
  }

  /** How many published comments are here. */
  get shown(): number {
    return [...this.#places.values()].filter(p => p.comment.state === 'approved').length
  }

  comment(id: string): Comment | null {
    return this.#places.get(id)?.comment ?? null
  }

  /**
   * Puts a comment in: below its parent where that is here, else at the end of the list, or
   * with first at its head. One that is here already is drawn anew in its place.
   */
  add(c: Comment, acts?: HTMLElement, first = false): HTMLElement {
    const parent = this.#places.get(c.parent ?? '')
    const flat = parent !== undefined && parent.level >= deepestIndent
    const under = flat ? parent.under : (parent ?? null)
    const to = flat ? (parent.comment.author?.name ?? this.t.anonymous) : null
    const node = article(c, this.t, to, acts)
    const here = this.#places.get(c.id)
    if (here) {
      here.comment = c
      here.item.firstElementChild?.replaceWith(node)
      return node
    }
    const place: Place = {
      comment: c,
      item: node.parentElement as HTMLLIElement,
      under,
      level: under ? under.level + 1 : 0,
      replies: null,
    }
    this.#places.set(c.id, place)
    if (under) this.#below(under, place.item)
    else if (first) this.list.firstElementChild?.prepend(place.item)
    else this.list.lastElementChild?.append(place.item)
    return node
  }

  #below(parent: Place, item: HTMLLIElement) {
    if (!parent.replies) {
      const list = el('ol')
      const summary = el('summary')
      parent.item.append(el('details', { open: true }, summary, list))
      parent.replies = { list, summary, count: 0 }
    }
    parent.replies.list.append(item)
    for (let p: Place | null = parent; p?.replies; p = p.under) {
      p.replies.count++
      p.replies.summary.replaceChildren(plural(this.t.replies, p.replies.count, this.t))
    }
  }
}
