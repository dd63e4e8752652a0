/** The pieces around the list: built from data, told what to do when they are pressed. */

import { button, el, put } from './dom'
import { plural, type Words } from './i18n'

export function title(t: Words, count: number): string {
  return count ? plural(t.count, count, t) : t.none
}

/** The heading, and the orders where there is something to order. */
export function header(
  t: Words,
  count: number,
  order: string,
  choose: (sort: 'oldest' | 'newest') => void,
): HTMLElement {
  const sorts = (['oldest', 'newest'] as const).map(sort =>
    button(t[sort], () => choose(sort), { 'aria-pressed': `${sort === order}` }),
  )
  const orders = el('div', { class: 'row end sort', role: 'group', 'aria-label': t.order }, ...sorts)
  return el('header', { class: 'row' }, el('h2', {}, title(t, count)), count > 1 ? orders : null)
}

/** The rules, their first sentence in bold. */
export function rules(text: string): HTMLElement {
  const [, first = '', rest = ''] = /^(.*?[.!?…](?=\s|$))?(.*)$/s.exec(text) ?? []
  return el('p', { part: 'rules', class: 'rules', id: 'rules', tabindex: -1 }, el('strong', {}, first), rest)
}

/** The form before anybody writes: one labelled line, which opens when it gets the focus. */
export function closedForm(t: Words, signIn: string, open: () => void): HTMLFormElement {
  const field = el('textarea', { part: 'body', id: 'body', name: 'body', rows: 1, placeholder: t.write, focus: open })
  const login = el('a', { class: 'u end', href: signIn }, t.login)
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

/** An alert: what happened, what can be done, and a button to try again. `{link}` is the plain page. */
export function alert(t: Words, plainPage: string, what: string, then: string, again: () => void): HTMLElement {
  return el(
    'div',
    { role: 'alert', class: 'box err' },
    el('strong', {}, what),
    then ? el('p', {}, ...put(then, el('a', { href: plainPage }, t.plain))) : null,
    el('div', { class: 'row' }, button(t.again, again)),
  )
}
