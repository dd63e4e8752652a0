/** Shows by a mailed code that an e-mail address is the reader's. Loaded where a site asks for that. */

import { ask, Failure } from './client'
import { about, button, composing, el } from './dom'
import type { Identity, Person } from './shelf'
import type { Stage } from './stage'
import { form as formInEnglish, prove as inEnglish } from './words/en'

/** Asks in place for an address, then for the code that was mailed there and a name; done hears who it is. */
export function prove(stage: Stage, place: HTMLElement, person: Person, done: (who: Identity) => void) {
  const t = stage.spoken?.prove ?? inEnglish
  const form = stage.spoken?.form ?? formInEnglish
  const email = field('email', 'email', person.email)
  const code = field('code', 'one-time-code')
  const name = field('name', 'name', person.name)
  code.inputMode = 'numeric'
  let asking = false

  const post = (body: object) =>
    ask<Identity>(stage.api(`identity?lang=${stage.t.lang}`), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })

  /** Asks the service once at a time, and says beside a field what is wrong. */
  async function trying(at: HTMLInputElement, ask: () => Promise<void>) {
    if (asking) return
    asking = true
    for (const said of place.querySelectorAll('[role=alert]')) said.remove()
    for (const each of [email, code, name]) each.removeAttribute('aria-invalid')
    try {
      await ask()
    } catch (cause) {
      const failure = cause instanceof Failure ? cause : new Failure('unknown')
      const [where, sentence] = because(failure, at)
      const id = `wrong-${where.id}`
      where.closest('.f')?.append(el('p', { id, class: 'u wrong', role: 'alert' }, sentence))
      where.setAttribute('aria-invalid', 'true')
      where.setAttribute('aria-errormessage', id)
      where.focus()
    } finally {
      asking = false
    }
  }

  function because({ code: why, status, fields }: Failure, at: HTMLInputElement): [HTMLInputElement, string] {
    if (why === 'identity.refused') {
      code.value = ''
      return [code, t.wrong]
    }
    if (fields.some(f => f.field === '/name')) return [name, form.wrongName]
    if (status === 422) return [at, at === email ? t.noEmail : t.wrong]
    return [at, status === 429 ? t.often : t.failed]
  }

  const send = () =>
    trying(email, async () => {
      if (!email.value.trim() || !email.validity.valid) throw new Failure('field.invalid', 422)
      await post({ email: email.value })
      second()
    })
  const enter = () =>
    trying(code, async () => {
      const who = await post({ email: email.value, code: code.value, name: name.value })
      first() // for when they sign out
      done(who)
    })

  function first() {
    place.replaceChildren(
      labelled(form.email, email, form.hidden),
      el('p', { class: 'u' }, t.lead),
      el('div', { class: 'row' }, button(t.send, send, { class: 'go' })),
    )
  }

  function second() {
    const again = button(t.another, () => {
      first()
      email.focus()
    })
    place.replaceChildren(
      el('p', { class: 'u', role: 'status' }, ...about(t.sent, email.value.trim())),
      labelled(t.code, code),
      labelled(form.name, name),
      el('div', { class: 'row' }, button(t.enter, enter, { class: 'go' }), again),
    )
    code.value = ''
    code.focus()
  }

  // Enter in one of these must not send the comment around them.
  place.addEventListener('keydown', event => {
    const { target } = event
    if (event.key !== 'Enter' || composing(event) || !(target instanceof HTMLInputElement)) return
    event.preventDefault()
    event.stopPropagation()
    if (target === email) send()
    else enter()
  })
  place.addEventListener('input', event => event.stopPropagation()) // nothing of this is kept with the draft
  first()
}

function field(name: string, autocomplete: string, value = ''): HTMLInputElement {
  const node = el('input', {
    id: `prove-${name}`,
    type: name === 'email' ? name : 'text',
    autocomplete,
    maxlength: 254,
  })
  node.value = value
  return node
}

function labelled(label: string, field: HTMLInputElement, hint?: string): HTMLElement {
  const row = el('div', { class: 'row' }, el('label', { for: field.id }, label))
  if (hint) row.append(el('small', { class: 'u' }, hint))
  return el('div', { class: 'f' }, row, field)
}
