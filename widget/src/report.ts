/** Reports of comments, and appeals against rejections. Loaded on first use. */

import buttons from './buttons.css'
import { type Comment, Failure, request } from './client'
import { button, el } from './dom'
import { passes } from './keys'
import sheet from './report.css'
import type { Stage } from './stage'
import { report as english } from './words/en'

/** The reasons for a report, in the order of the dialog. */
const reasons = ['spam', 'hate_speech', 'obscenity', 'personal_attack', 'unlawful', 'other'] as const

const styled = new WeakSet<Stage>()

/** Adds the style sheet of this part once, and returns the sentences in the page's language. */
function prepare(stage: Stage): typeof english {
  if (!styled.has(stage)) {
    styled.add(stage)
    const styles = new CSSStyleSheet()
    styles.replaceSync(buttons + sheet)
    stage.root.adoptedStyleSheets = [...stage.root.adoptedStyleSheets, styles]
    stage.passes = passes
  }
  return stage.words?.report ?? english
}

function post(stage: Stage, path: string, body: object, token?: string): Promise<unknown> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' }
  if (token) headers.Authorization = `Bearer ${token}`
  return request(stage.api(path), { method: 'POST', headers, body: JSON.stringify(body) })
}

/** Calls send when the form is submitted, one call at a time. Shows a failure in the form. */
function onSubmit(form: HTMLFormElement, t: typeof english, send: () => Promise<void>) {
  form.addEventListener('submit', async event => {
    event.preventDefault()
    if (form.ariaBusy) return
    form.ariaBusy = 'true'
    form.querySelector('[role=alert]')?.remove()
    try {
      await send()
    } catch (cause) {
      const often = cause instanceof Failure && cause.status === 429
      form.lastElementChild?.before(el('p', { role: 'alert', class: 'box err' }, often ? t.often : t.failed))
    } finally {
      form.ariaBusy = null
    }
  })
}

/** Opens the dialog that reports a comment. */
export function report(stage: Stage, c: Comment) {
  const t = prepare(stage)
  const field = el('textarea', { id: 'detail', rows: 2, maxlength: 1000 })
  const form = el(
    'form',
    {},
    el('h3', { id: 'reports' }, t.title),
    el('p', { class: 'u' }, t.says),
    el(
      'div',
      { role: 'radiogroup', 'aria-labelledby': 'reports' },
      ...reasons.map(value =>
        el(
          'label',
          { class: 'tick' },
          el('input', { type: 'radio', name: 'reason', value, required: true }),
          el('span', {}, t.reasons[value]),
        ),
      ),
    ),
    el('div', { class: 'f' }, el('label', { for: 'detail' }, t.detail), el('div', { class: 'ed' }, field)),
    el(
      'div',
      { class: 'row' },
      el('button', { class: 'go' }, stage.t.report),
      button(t.cancel, () => dialog.close()),
    ),
  )
  const dialog = el(
    'dialog',
    {
      'aria-labelledby': 'reports',
      close: () => dialog.remove(),
      // Escape closes only this dialog, not one of the page.
      keydown: event => (event as KeyboardEvent).key === 'Escape' && event.stopPropagation(),
    },
    form,
  )
  const done = (sentence: string) => {
    dialog.close()
    const acts = stage.thread.article(c.id)?.querySelector('.acts')
    acts?.querySelector('.heard')?.remove()
    acts?.append(el('span', { class: 'heard' }, sentence))
    stage.say(sentence)
  }
  onSubmit(form, t, async () => {
    const reason = new FormData(form).get('reason')
    try {
      await post(stage, `comments/${c.id}/report`, { reason, detail: field.value })
      done(t.thanks)
    } catch (cause) {
      if (!(cause instanceof Failure) || cause.code !== 'report.repeated') throw cause
      done(t.repeated)
    }
  })
  stage.root.querySelector('section')?.append(dialog)
  dialog.showModal()
}

/** Replaces the opener by the form of an appeal. Calls done after it was sent, or if there is an earlier appeal. */
export function appeal(stage: Stage, id: string, token: string, opener: HTMLElement, done: () => void) {
  const t = prepare(stage)
  const field = el('textarea', { id: `again-${id}`, rows: 3, maxlength: 2000, required: true })
  const cancel = () => {
    form.replaceWith(opener)
    opener.focus()
  }
  const form = el(
    'form',
    {},
    el('div', { class: 'f' }, el('label', { for: field.id }, t.again), el('div', { class: 'ed' }, field)),
    el('p', { class: 'u' }, t.once),
    el('div', { class: 'row' }, el('button', { class: 'go' }, opener.textContent), button(t.cancel, cancel)),
  )
  onSubmit(form, t, async () => {
    try {
      await post(stage, `comments/${id}/appeal`, { text: field.value }, token)
    } catch (cause) {
      if (!(cause instanceof Failure) || cause.code !== 'appeal.repeated') throw cause
    }
    done()
  })
  opener.replaceWith(form)
  field.focus()
}
