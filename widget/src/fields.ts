/** The fields of the open form: their nodes, what they hold, and what is said beside them. */

import { about, clock, el, icon } from './dom'
import type { FormWords } from './i18n'
import type { Person } from './shelf'

export class Fields {
  readonly submit: HTMLButtonElement
  readonly #name: HTMLInputElement
  readonly #email: HTMLInputElement
  readonly #remember = el('input', { type: 'checkbox', name: 'remember' })
  /** Where somebody shows that an address is theirs, where that is asked for. */
  readonly proof: HTMLElement | null
  readonly #trap = el('input', { name: 'subject', id: 'subject', tabindex: -1, autocomplete: 'off' })

  constructor(
    readonly form: HTMLFormElement,
    readonly text: HTMLTextAreaElement,
    readonly t: FormWords,
    person: Person | null,
    /** What a writer has to give, as the site's settings say. */
    readonly asks = 'anyone',
    mail = false,
  ) {
    this.proof = asks === 'verified' && mail ? el('div', { class: 'two', role: 'group', 'aria-label': t.prove }) : null
    this.submit = el('button', { part: 'submit', class: 'go' }, t.post)
    this.#name = input('name', 'text')
    this.#email = input('email', 'email')
    this.#name.value = person?.name ?? ''
    this.#email.value = person?.email ?? ''
    this.#remember.checked = person !== null
  }

  /** Puts what is missing around the text, which keeps focus and content. */
  complete(heading: HTMLElement, bar: HTMLElement, usually: string) {
    const { t, form, text } = this
    form.noValidate = true
    form.classList.remove('shut')
    form.prepend(heading)
    text.rows = 5
    text.before(bar)
    const asksEmail = this.asks === 'email'
    this.#name.required = asksEmail || this.asks === 'name'
    this.#email.required = asksEmail
    const name = labelled(t.name, this.#name, this.#name.required ? '' : t.optional)
    const email = labelled(t.email, this.#email, asksEmail ? t.hidden : t.never)
    const person = [
      el('div', { class: 'two' }, name, email),
      el('label', { class: 'tick' }, this.#remember, t.remember),
    ]
    const waits = usually ? [el('span', { class: 'u row usual' }, icon(clock), usually)] : []
    form.append(
      ...(this.proof ? [this.proof] : this.shut ? [el('p', { class: 'box two' }, t.signIn)] : person),
      el('div', { class: 'vh', 'aria-hidden': 'true' }, el('label', { for: 'subject' }, t.trap), this.#trap),
      el('div', { class: 'row' }, this.submit, ...waits, el('span', { class: 'u end kb' }, t.keys)),
    )
  }

  /** Offers to sign in in the service's window, by one of its providers. */
  offer(address: string, names: string) {
    const link = el('a', { class: 'u', href: address, target: 'aitys' }, ...about(this.t.with, names))
    this.#trap.parentElement?.before(el('p', { class: 'two' }, link))
  }

  get author(): { name: string | null; email: string | null } {
    const { name, email } = this.written
    return { name: name || null, email: email || null }
  }

  /** What stands in the fields of the writer. */
  get written(): Person {
    return { name: this.#name.value.trim(), email: this.#email.value.trim() }
  }

  /** Who is to be remembered, if the reader wants that. */
  get person(): Person | null {
    return this.#remember.checked ? this.written : null
  }

  /** Fills what is empty. */
  fill(person: Person) {
    this.#name.value ||= person.name
    this.#email.value ||= person.email
  }

  /** What only a program fills in. */
  get trap(): string {
    return this.#trap.value
  }

  get emailValid(): boolean {
    return !this.#email.validity.typeMismatch
  }

  /** Whether only who showed who they are can write. */
  get shut(): boolean {
    return this.asks === 'account' || this.asks === 'verified'
  }

  /** What is said of an e-mail address that is none: only where it is not asked for, it may be left out. */
  get wrongEmail(): string {
    return this.#email.required ? this.t.noEmail : this.t.wrongEmail
  }

  /** The field that somebody who is not signed in has left out, and what is said of it; null: none. */
  get missing(): [pointer: string, sentence: string] | null {
    const { t } = this
    if (this.shut) return ['/body', this.proof ? t.prove : t.signIn]
    if (this.#name.required && !this.written.name) return ['/author/name', t.noName]
    if (this.#email.required && !this.written.email) return ['/author/email', t.noEmail]
    return null
  }

  busy(sending: boolean) {
    this.text.readOnly = sending
    this.submit.setAttribute('aria-disabled', `${sending}`)
    this.submit.textContent = sending ? this.t.sending : this.t.post
  }

  /** Takes back whatever was said of the last try. */
  clear() {
    for (const said of this.form.querySelectorAll('.err, .wrong')) said.remove()
    for (const field of [this.text, this.#name, this.#email]) {
      field.removeAttribute('aria-invalid')
      field.removeAttribute('aria-errormessage')
    }
  }

  /** Says beside a field what is wrong with it, and goes there. */
  wrong(pointer: string, sentence: string) {
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
