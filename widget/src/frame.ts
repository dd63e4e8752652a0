/** The elements around the list: heading, rules, closed form and alerts. */

import { button, el } from './dom'
import { plural, type Words } from './i18n'

export function title(t: Words, count: number): string {
  return count ? plural(t.count, count, t) : t.none
}

/** Returns the heading, with the sort buttons if there is more than one comment. */
export function header(
  t: Words,
  count: number,
  order: string,
  votes: boolean | undefined,
  choose: (sort: string) => void,
): HTMLElement {
  const sorts = (['oldest', 'newest', 'top'] as const)
    .slice(0, votes ? 3 : 2)
    .map(sort => button(t[sort], () => choose(sort), { 'aria-pressed': `${sort === order}` }))
  const orders = el('div', { class: 'row end sort', role: 'group', 'aria-label': t.order }, ...sorts)
  return el('header', { class: 'row' }, el('h2', {}, title(t, count)), count > 1 && orders)
}

/** Returns the rules, with the first sentence in bold. */
export function rules(text: string): HTMLElement {
  const end = text.search(/[.!?…](\s|$)/) + 1
  return el(
    'p',
    { part: 'rules', class: 'rules', id: 'rules', tabindex: -1 },
    el('strong', {}, text.slice(0, end)),
    text.slice(end),
  )
}

/** Returns the closed form: one labelled line that calls open when it gets the focus. */
export function closedForm(t: Words, signIn: string, open: () => void): HTMLFormElement {
  const field = el('textarea', { part: 'body', id: 'body', name: 'body', rows: 1, placeholder: t.write, focus: open })
  const login = el('a', { class: 'u end', href: signIn, target: 'aitys', click: open }, t.login)
  return el(
    'form',
    { part: 'form', class: 'shut', submit: event => event.preventDefault() },
    el(
      'div',
      { class: 'f' },
      el('div', { class: 'row' }, el('label', { for: 'body' }, t.comment), login),
      el('div', { class: 'ed' }, field),
    ),
  )
}

/** Returns an alert: what happened, what that means, and a button to retry. */
export function alert(t: Words, what: string, then: string, again: () => void): HTMLElement {
  return el(
    'div',
    { role: 'alert', class: 'box err' },
    el('strong', {}, what),
    then && el('p', {}, then),
    button(t.again, again),
  )
}
