/** A word before sending: why a text may be refused, while it can still be changed. */

import { about, button, el, put } from './dom'
import type { FormWords } from './i18n'
import { post } from './sending'
import type { Stage } from './stage'

/** Why a text may be refused, and which of its words say so. */
export interface Likely {
  reason: string
  words: string[]
}

const patience = 2000

/** Asks why a text may be refused; an answer that does not come in time keeps no comment back. */
export function likely(stage: Stage, body: string): Promise<Likely | null> {
  const asked = post<{ likely?: Likely | null }>(stage.api('preview'), { body })
  return Promise.race([
    asked.then(
      answer => answer.likely ?? null,
      () => null,
    ),
    new Promise<null>(done => setTimeout(done, patience, null)),
  ])
}

/** Says it, and what is left to do: the words are the writer's own. */
export function warn({ reason, words }: Likely, t: FormWords, change: () => void, send: () => void): HTMLElement {
  const said = el('bdi', {}, words.map(word => `“${word}”`).join(', '))
  return el(
    'div',
    { role: 'alert', class: 'box err' },
    el('strong', {}, t.likely[reason as keyof FormWords['likely']] ?? t.meanings.other),
    el('p', {}, ...(words.length ? [...put(t.likelyWords, said), ' '] : []), t.likelyThen),
    el('div', { class: 'row' }, button(t.changeIt, change, { class: 'go' }), button(t.anyway, send)),
  )
}

/** Asks whether a comment goes without the name that its writer used before. */
export function nameless(name: string, t: FormWords, send: (as: string) => void): HTMLElement {
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
