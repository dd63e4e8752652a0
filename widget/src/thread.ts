/** Comments as nodes: one comment, and the thread they make. Nothing here asks the service or listens to it. */

import type { Comment } from './client'
import { about, el } from './dom'
import { ago, plural, type Words } from './i18n'
import { nodes, safe } from './markup'

/** The deepest level that still moves to the right; what is below stands beneath it, with "to NAME". */
const deepestIndent = 3

/** Builds the article of one comment; actions stand below its text. */
export function article(c: Comment, t: Words, to: string | null, ...actions: HTMLElement[]): HTMLElement {
  if (c.html === null) {
    const line = el('p', { class: `text gone ${c.state}` }, c.state === 'withheld' ? '…' : t.gone)
    return el('article', { part: 'comment', class: 'c', id: `aitys-${c.id}` }, line)
  }
  const name = c.author?.name || t.anonymous
  const id = `by-${c.id}`
  const content = el('div', { part: 'content', class: 'text', dir: 'auto', lang: c.lang === 'und' ? '' : c.lang })
  content.append(nodes(c.html))
  return el(
    'article',
    { part: 'comment', class: 'c', id: `aitys-${c.id}`, 'aria-labelledby': id, tabindex: -1 },
    el('span', { class: 'ini', 'aria-hidden': 'true' }, initial(name)),
    meta(c, t, name, id, to),
    content,
    el('div', { class: 'acts' }, ...actions),
  )
}

function meta(c: Comment, t: Words, name: string, id: string, to: string | null): HTMLElement {
  const site = c.author?.url && safe(c.author.url)
  const who = el('bdi', {}, name)
  const badge = c.author?.badge
  const at = new Date(c.created_at)
  // Who points at it is told in full, as their browser says it: its first format takes longer than to draw 25 comments.
  const exact = () => {
    time.title = at.toLocaleString()
  }
  const time = el('time', { datetime: c.created_at, mouseenter: exact }, ago(at, t))
  return el(
    'header',
    { part: 'meta', class: 'meta' },
    el('b', { part: 'author', id }, site ? el('a', { href: site, rel: 'nofollow ugc noopener' }, who) : who),
    badge
      ? el('span', { class: 'badge' }, t.roles[badge as keyof Words['roles']])
      : c.author?.verified && el('span', {}, t.verified),
    el('a', { href: `#aitys-${c.id}` }, time),
    c.edited_at && el('span', {}, t.edited),
    c.redacted_at && el('span', {}, t.redacted),
    to && el('span', {}, ...about(t.to, to)),
  )
}

/** The first character as people see it: a flag, a letter with its marks, joined emoji. */
function initial(name: string): string | undefined {
  return /\p{RI}{2}|.(\p{M}|\p{EMod}|\u200d.)*/su.exec(name.trim())?.[0].toUpperCase()
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
  add(c: Comment, actions: HTMLElement[] = [], first = false): HTMLElement {
    const parent = this.#places.get(c.parent ?? '')
    const flat = parent !== undefined && parent.level >= deepestIndent
    const under = flat ? parent.under : (parent ?? null)
    const to = flat ? (parent.comment.author?.name ?? this.t.anonymous) : null
    const node = article(c, this.t, to, ...actions)
    const here = this.#places.get(c.id)
    if (here) {
      here.comment = c
      here.item.firstElementChild?.replaceWith(node)
      return node
    }
    const place: Place = {
      comment: c,
      item: el('li', {}, node),
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
