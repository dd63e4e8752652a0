/** The fields of the open form: their nodes, values and error messages. */

import { about, clock, el, icon } from './dom'
import type { FormWords } from './i18n'
import type { Person } from './storage'

export class Fields {
  readonly submit: HTMLButtonElement
  readonly #name: HTMLInputElement
  readonly #email: HTMLInputElement
  readonly #remember = el('input', { type: 'checkbox', name: 'remember' })
  /** The container for e-mail verification, if the site requires it. */
  readonly proof: HTMLElement | null
  readonly #honeypot = el('input', { name: 'subject', id: 'subject', tabindex: -1, autocomplete: 'off' })

  constructor(
    readonly form: HTMLFormElement,
    readonly text: HTMLTextAreaElement,
    readonly t: FormWords,
    person: Person | null,
    /** What commenters must provide: the site's setting who. */
    readonly who = 'anyone',
    mail = false,
  ) {
    this.proof = who === 'verified' && mail ? el('div', { class: 'two', role: 'group', 'aria-label': t.prove }) : null
    this.submit = el('button', { part: 'submit', class: 'go' }, t.post)
    this.#name = input('name', 'text')
    this.#email = input('email', 'email')
    this.#name.value = person?.name ?? ''
    this.#email.value = person?.email ?? ''
    this.#remember.checked = person !== null
  }

  /** Adds the other elements around the text field, which keeps its focus and content. */
  complete(heading: HTMLElement, bar: HTMLElement, usually: string) {
    const { t, form, text } = this
    form.noValidate = true
    form.classList.remove('shut')
    form.prepend(heading)
    text.rows = 5
    text.before(bar)
    const emailRequired = this.who === 'email'
    this.#name.required = emailRequired || this.who === 'name'
    this.#email.required = emailRequired
    const name = labelled(t.name, this.#name, this.#name.required ? '' : t.optional)
    const email = labelled(t.email, this.#email, emailRequired ? t.hidden : t.never)
    const person = [
      el('div', { class: 'two' }, name, email),
      el('label', { class: 'tick' }, this.#remember, t.remember),
    ]
    const waits = usually ? [el('span', { class: 'u row usual' }, icon(clock), usually)] : []
    form.append(
      ...(this.proof ? [this.proof] : this.locked ? [el('p', { class: 'box two' }, t.signIn)] : person),
      el('div', { class: 'vh', 'aria-hidden': 'true' }, el('label', { for: 'subject' }, t.trap), this.#honeypot),
      el('div', { class: 'row' }, this.submit, ...waits, el('span', { class: 'u end kb' }, t.keys)),
    )
  }

  /** Adds the link to the sign-in window. Names are its providers. */
  offer(address: string, names: string) {
    const link = el('a', { class: 'u', href: address, target: 'aitys' }, ...about(this.t.with, names))
    this.#honeypot.parentElement?.before(el('p', { class: 'two' }, link))
  }

  get author(): { name: string | null; email: string | null } {
    const { name, email } = this.values
    return { name: name || null, email: email || null }
  }

  /** The trimmed values of name and e-mail address. */
  get values(): Person {
    return { name: this.#name.value.trim(), email: this.#email.value.trim() }
  }

  /** The person to remember, or null without consent. */
  get person(): Person | null {
    return this.#remember.checked ? this.values : null
  }

  /** Fills empty fields. */
  fill(person: Person) {
    this.#name.value ||= person.name
    this.#email.value ||= person.email
  }

  /** The honeypot's value: only programs fill it in. */
  get trap(): string {
    return this.#honeypot.value
  }

  get emailValid(): boolean {
    return !this.#email.validity.typeMismatch
  }

  /** Whether only signed-in commenters can write. */
  get locked(): boolean {
    return this.who === 'account' || this.who === 'verified'
  }

  /** The message for an invalid e-mail address. An optional one may be left out. */
  get emailError(): string {
    return this.#email.required ? this.t.noEmail : this.t.wrongEmail
  }

  /** The required field that is empty, with its message, or null. For commenters who are not signed in. */
  get missing(): [pointer: string, sentence: string] | null {
    const { t } = this
    if (this.locked) return ['/body', this.proof ? t.prove : t.signIn]
    if (this.#name.required && !this.values.name) return ['/author/name', t.noName]
    if (this.#email.required && !this.values.email) return ['/author/email', t.noEmail]
    return null
  }

  busy(sending: boolean) {
    this.text.readOnly = sending
    this.submit.setAttribute('aria-disabled', `${sending}`)
    this.submit.textContent = sending ? this.t.sending : this.t.post
  }

  /** Removes the messages of the last attempt. */
  clear() {
    for (const said of this.form.querySelectorAll('.err, .wrong')) said.remove()
    for (const field of [this.text, this.#name, this.#email]) {
      field.removeAttribute('aria-invalid')
      field.removeAttribute('aria-errormessage')
    }
  }

  /** Shows a message beside a field, and focuses the field. */
  error(pointer: string, sentence: string) {
    const field = { '/author/name': this.#name, '/author/email': this.#email }[pointer] ?? this.text
    const id = `wrong-${field.id}`
    field.closest('.f')?.append(el('p', { id, class: 'u wrong', role: 'alert' }, sentence))
    field.setAttribute('aria-invalid', 'true')
    field.setAttribute('aria-errormessage', id)
    field.focus()
  }
}

function input(name: string, type: string): HTMLInputElement {
  return el('input', { part: name, id: name, name, type, autocomplete: name, 'aria-describedby': `${name}-hint` })
}

function labelled(label: string, field: HTMLInputElement, hint: string): HTMLElement {
  const row = el(
    'div',
    { class: 'row' },
    el('label', { for: field.id }, label),
    el('small', { class: 'u', id: `${field.id}-hint` }, hint),
  )
  return el('div', { class: 'f' }, row, field)
}
