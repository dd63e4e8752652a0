/** Warnings before sending: likely reasons for a rejection, and a missing name. */

import { about, button, el, put } from './dom'
import type { FormWords } from './i18n'
import { post } from './sending'
import type { Stage } from './stage'

/** The likely reason for a rejection, and the words that indicate it. */
export interface Warning {
  reason: string
  words: string[]
}

/** In milliseconds. */
const timeout = 2000

/** Requests the likely reason for a rejection. Returns null on failure and after the timeout. */
export function requestWarning(stage: Stage, body: string): Promise<Warning | null> {
  const asked = post<{ likely?: Warning | null }>(stage.api('preview'), { body })
  return Promise.race([
    asked.then(
      answer => answer.likely ?? null,
      () => null,
    ),
    new Promise<null>(done => setTimeout(done, timeout, null)),
  ])
}

/** Returns the alert with the commenter's own words, and buttons to edit and to send. */
export function warningAlert(
  { reason, words }: Warning,
  t: FormWords,
  change: () => void,
  send: () => void,
): HTMLElement {
  const said = el('bdi', {}, words.map(word => `“${word}”`).join(', '))
  return el(
    'div',
    { role: 'alert', class: 'box err' },
    el('strong', {}, t.likely[reason as keyof FormWords['likely']] ?? t.meanings.other),
    el('p', {}, ...(words.length ? [...put(t.likelyWords, said), ' '] : []), t.likelyThen),
    el('div', { class: 'row' }, button(t.changeIt, change, { class: 'go' }), button(t.anyway, send)),
  )
}

/** Returns the question whether to post without the name that the commenter used before. */
export function nameQuestion(name: string, t: FormWords, send: (as: string) => void): HTMLElement {
  const before = button('', () => send(name), { class: 'go' })
  before.append(...about(t.asBefore, name))
  const row = el(
    'div',
    { class: 'row' },
    before,
    button(t.withoutName, () => send('')),
  )
  return el('div', { role: 'alert', class: 'box err' }, el('strong', {}, t.nameless), row)
}
