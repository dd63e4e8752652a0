/** Alerts about failed actions: the cause, and what the commenter can do. */

import type { Failure } from './client'
import { button, el } from './dom'
import { type FormWords, fill, plural, type Words } from './i18n'

/** Returns an alert with a title, the cause, buttons, and a button that copies the field's text. */
export function failureAlert(
  title: string,
  why: string,
  t: FormWords,
  field: HTMLTextAreaElement,
  ...buttons: HTMLElement[]
): HTMLElement {
  const copy = button(t.copy, async () => {
    try {
      await navigator.clipboard.writeText(field.value)
      copy.textContent = t.copied
    } catch {
      field.focus()
      field.select()
    }
  })
  return el(
    'div',
    { role: 'alert', class: 'box err' },
    el('strong', {}, title),
    el('p', {}, why),
    el('div', { class: 'row' }, ...buttons, copy),
  )
}

/** Returns the sentence for a failure. */
export function failureText({ code, wait }: Failure, t: FormWords, words: Words): string {
  switch (code) {
    case 'network':
      return navigator.onLine ? t.network : t.offline
    case 'rate.limited':
      return plural(t.rate, wait || 60, words)
    case 'busy':
      return plural(t.busy, wait || 5, words)
    case 'storage.full':
      return t.full
    case 'page.closed':
      return t.closed
    case 'identity.refused':
      return t.ended
    case 'parent.unknown':
      return t.parent
    case 'origin.foreign':
    case 'page.foreign':
      return t.foreign
    case 'edit.expired':
      return t.expired
    case 'comment.unknown':
      return t.lost
    case 'comment.empty':
      return t.empty
    case 'comment.not_utf8':
      return t.unreadable
    default:
      return fill(t.strange, { code })
  }
}
