/** Verifies the commenter's e-mail address by a mailed code. Loaded if the site requires it. */

import { Failure, request } from './client'
import { about, button, composing, el } from './dom'
import type { Stage } from './stage'
import type { Identity, Person } from './storage'
import { prove as english, form as formEnglish } from './words/en'

/** Shows in place a form for the address, then one for the mailed code and a name. Calls done with the identity. */
export function start(stage: Stage, place: HTMLElement, person: Person, done: (who: Identity) => void) {
  const t = stage.words?.prove ?? english
  const form = stage.words?.form ?? formEnglish
  const email = field('email', 'email', person.email)
  const code = field('code', 'one-time-code')
  const name = field('name', 'name', person.name)
  code.inputMode = 'numeric'
  let busy = false

  const post = (body: object) =>
    request<Identity>(stage.api(`identity?lang=${stage.t.lang}`), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })

  /** Runs one action at a time, and shows a failure beside the field that it concerns. */
  async function attempt(at: HTMLInputElement, action: () => Promise<void>) {
    if (busy) return
    busy = true
    for (const said of place.querySelectorAll('[role=alert]')) said.remove()
    for (const each of [email, code, name]) each.removeAttribute('aria-invalid')
    try {
      await action()
    } catch (cause) {
      const failure = cause instanceof Failure ? cause : new Failure('unknown')
      const [target, sentence] = explain(failure, at)
      const id = `wrong-${target.id}`
      target.closest('.f')?.append(el('p', { id, class: 'u wrong', role: 'alert' }, sentence))
      target.setAttribute('aria-invalid', 'true')
      target.setAttribute('aria-errormessage', id)
      target.focus()
    } finally {
      busy = false
    }
  }

  function explain({ code: why, status, fields }: Failure, at: HTMLInputElement): [HTMLInputElement, string] {
    if (why === 'identity.refused') {
      code.value = ''
      return [code, t.wrong]
    }
    if (fields.some(f => f.field === '/name')) return [name, form.wrongName]
    if (status === 422) return [at, at === email ? t.noEmail : t.wrong]
    return [at, status === 429 ? t.often : t.failed]
  }

  const send = () =>
    attempt(email, async () => {
      if (!email.value.trim() || !email.validity.valid) throw new Failure('field.invalid', 422)
      await post({ email: email.value })
      showCode()
    })
  const enter = () =>
    attempt(code, async () => {
      const who = await post({ email: email.value, code: code.value, name: name.value })
      showEmail() // shown again after signing out
      done(who)
    })

  function showEmail() {
    place.replaceChildren(
      labelled(form.email, email, form.hidden),
      el('p', { class: 'u' }, t.lead),
      el('div', { class: 'row' }, button(t.send, send, { class: 'go' })),
    )
  }

  function showCode() {
    const again = button(t.another, () => {
      showEmail()
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

  // Enter in these fields must not submit the form around them.
  place.addEventListener('keydown', event => {
    const { target } = event
    if (event.key !== 'Enter' || composing(event) || !(target instanceof HTMLInputElement)) return
    event.preventDefault()
    event.stopPropagation()
    if (target === email) send()
    else enter()
  })
  place.addEventListener('input', event => event.stopPropagation()) // these fields are not part of the draft
  showEmail()
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
