/** The form, opened in place, and what becomes of what is sent. Loaded when a reader turns to writing. */

import { ask, type Comment, Failure } from './client'
import { button, el, icon } from './dom'
import sheet from './form.css'
import { fill, number, plural } from './i18n'
import { type FormWords, en as inEnglish } from './i18n-form'
import { clock, OwnComments } from './own'
import { type Draft, Shelf } from './shelf'
import { toolbar } from './toolbar'
import { because, trouble } from './trouble'
import type { View } from './view'

export interface Writer {
  /** Opens the form where it stands. */
  open(): void
  /** Takes the form to a comment, to answer it. */
  reply(id: string): void
  /** Puts back what is the reader's own after the thread was drawn. */
  drawn(): void
}

interface Answer {
  id: string
  state: string
  html: string
  created_at: string
  duplicate: boolean
  edit_token?: string
  edit_until?: string
}

export function attach(view: View): Writer {
  const styles = new CSSStyleSheet()
  styles.replaceSync(sheet)
  const root = view.root
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, styles]
  return new Form(view)
}

class Form implements Writer {
  readonly #view: View
  readonly #t: FormWords
  readonly #shelf: Shelf
  readonly #own: OwnComments
  readonly #form: HTMLFormElement | null
  readonly #text: HTMLTextAreaElement
  readonly #name: HTMLInputElement
  readonly #email: HTMLInputElement
  readonly #trap: HTMLInputElement
  readonly #remember: HTMLInputElement
  readonly #submit: HTMLButtonElement
  readonly #preview: HTMLButtonElement
  readonly #heading = el('p', { class: 'u row', hidden: true })
  readonly #home: HTMLButtonElement
  #parent: Draft['parent'] = null
  #token: Promise<string | null> | null = null
  #whole = false
  #sending = false

  constructor(view: View) {
    const t = view.formWords ?? inEnglish
    this.#view = view
    this.#t = t
    this.#shelf = new Shelf(view.config.site, view.page.url)
    this.#own = new OwnComments(view, t, this.#shelf, (text, parent) => this.#anew(text, parent))
    this.#form = view.form
    this.#text = view.form?.querySelector('textarea') ?? el('textarea')
    const person = this.#shelf.person
    this.#name = el('input', {
      part: 'name',
      id: 'name',
      name: 'name',
      autocomplete: 'name',
      'aria-describedby': 'name-hint',
    })
    this.#email = el('input', {
      part: 'email',
      id: 'email',
      name: 'email',
      type: 'email',
      autocomplete: 'email',
      'aria-describedby': 'email-hint',
    })
    this.#name.value = person?.name ?? ''
    this.#email.value = person?.email ?? ''
    this.#remember = el('input', { type: 'checkbox', name: 'remember' })
    this.#remember.checked = person !== null
    this.#trap = el('input', { name: 'subject', id: 'subject', tabindex: -1, autocomplete: 'off' })
    this.#submit = el('button', { part: 'submit', class: 'go' }, t.post)
    this.#preview = button(t.preview, () => this.#togglePreview(), { class: 'end', 'aria-pressed': 'false' })
    this.#home = button(view.t.write, () => this.#goHome(), { class: 'wide stub' })
  }

  open() {
    this.#makeWhole()
    this.#token ??= ask<{ token: string }>(this.#view.api('form'), { cache: 'no-store' }).then(
      a => a.token,
      () => null,
    )
  }

  drawn() {
    this.#own.drawn()
    const draft = this.#shelf.drafts.at(-1)
    if (!this.#form) return
    if (!this.#whole && draft) {
      this.#makeWhole()
      this.#parent = draft.parent
      this.#text.value ||= draft.text
    }
    this.#settle()
  }

  reply(id: string) {
    const comment = this.#view.thread.comment(id)
    if (comment) this.#move({ id, name: comment.author?.name ?? this.#view.t.anonymous })
  }

  /** Builds the rest of the form around its field, which keeps focus and text. */
  #makeWhole() {
    const form = this.#form
    if (!form || this.#whole) return
    this.#whole = true
    const t = this.#t
    form.noValidate = true
    form.classList.remove('shut')
    form.prepend(this.#heading)
    this.#text.rows = 5
    this.#text.before(toolbar(this.#text, t, this.#preview))
    this.#text.addEventListener('input', () => this.#keep())
    form.append(
      el('div', { class: 'two' }, labelled(t.name, this.#name, t.optional), labelled(t.email, this.#email, t.never)),
      el('label', { class: 'tick' }, this.#remember, t.remember),
      el('div', { class: 'vh', 'aria-hidden': 'true' }, el('label', { for: 'subject' }, t.trap), this.#trap),
      el('div', { class: 'row' }, this.#submit, el('span', { class: 'u end kb' }, t.keys)),
    )
    form.addEventListener('submit', () => this.#send())
    form.addEventListener('keydown', event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#send()
    })
  }

  /** Takes the form to a comment, or home with null, and with it the draft that belongs there. */
  #move(parent: Draft['parent']) {
    this.open()
    this.#keep()
    if (parent?.id !== this.#parent?.id) {
      this.#parent = parent
      this.#text.value = this.#draft?.text ?? ''
    }
    this.#clear()
    this.#settle()
    this.#write()
    this.#text.focus()
  }

  #goHome() {
    this.#move(null)
  }

  /** Puts the form where its parent stands, and a way back where it came from. */
  #settle() {
    const form = this.#form
    if (!form) return
    const { thread, t } = this.#view
    const at = this.#parent && thread.article(this.#parent.id)
    if (form.previousElementSibling?.localName !== 'article') form.after(this.#home)
    this.#home.hidden = !at
    if (at) at.after(form)
    else if (this.#home.isConnected) this.#home.before(form)
    form.parentElement?.querySelector(':scope > .posted')?.remove()
    const name = this.#parent?.name ?? t.anonymous
    this.#heading.hidden = !this.#parent
    this.#heading.replaceChildren(
      el('strong', { dir: 'auto' }, fill(this.#t.replyTo, { name })),
      button(this.#t.cancel, () => this.#goHome()),
    )
  }

  get #draft(): Draft | undefined {
    return this.#shelf.drafts.find(d => d.parent?.id === this.#parent?.id)
  }

  #keep() {
    this.#shelf.keepDraft({ ...this.#draft, text: this.#text.value, parent: this.#parent })
  }

  /** Brings a refused text back into the form, below what may stand there. */
  #anew(text: string, parent: Draft['parent']) {
    this.#move(parent)
    this.#text.value = this.#text.value.trim() && this.#text.value !== text ? `${this.#text.value}\n\n${text}` : text
    this.#keep()
  }

  async #togglePreview() {
    if (this.#preview.getAttribute('aria-pressed') === 'true') {
      this.#write()
      this.#text.focus()
      return
    }
    this.#clear()
    const body = this.#text.value
    try {
      const { html } = body.trim() ? await post<{ html: string }>(this.#view.api('preview'), { body }) : { html: '' }
      const seen = el('div', { class: 'seen text', dir: 'auto' }, html ? this.#view.body(html) : this.#t.previewEmpty)
      this.#preview.setAttribute('aria-pressed', 'true')
      this.#text.hidden = true
      this.#text.after(seen)
    } catch (cause) {
      this.#alarm(cause, this.#t.previewFailed)
    }
  }

  /** Back from the preview to the text. */
  #write() {
    this.#preview.setAttribute('aria-pressed', 'false')
    this.#text.hidden = false
    this.#form?.querySelector('.seen')?.remove()
  }

  async #send() {
    if (this.#sending || !this.#form) return
    this.#clear()
    const body = this.#text.value
    const most = this.#view.settings.max_length ?? 10_000
    const length = [...body].length
    if (!body.trim()) return this.#wrong('/body', this.#t.empty)
    if (length > most) {
      const { t } = this.#view
      return this.#wrong('/body', fill(this.#t.long, { m: number(most, t), n: number(length, t) }))
    }
    if (!this.#email.validity.valid) return this.#wrong('/author/email', this.#t.wrongEmail)
    this.#busy(true)
    try {
      this.#posted(await this.#submitted(body), body)
    } catch (cause) {
      this.#alarm(cause, this.#t.notSent)
    } finally {
      this.#busy(false)
    }
  }

  /** Sends, under the key of the last try where nothing was changed since: a retry is then no second comment. */
  async #submitted(body: string): Promise<Answer> {
    const { config } = this.#view
    const [name, email] = [this.#name.value.trim() || null, this.#email.value.trim() || null]
    this.#shelf.person = this.#remember.checked ? { name: name ?? '', email: email ?? '' } : null
    const request = {
      page: { url: config.page, title: config.title },
      parent: this.#parent?.id ?? null,
      author: { name, email },
      body,
    }
    const sent = JSON.stringify(request)
    const last = this.#draft
    const key = last?.key && last.sent === sent ? last.key : newKey()
    this.#shelf.keepDraft({ text: body, parent: this.#parent, key, sent })
    // A token that does not come must not keep a comment back.
    const token = await Promise.race([this.#token, new Promise<null>(done => setTimeout(done, 2000, null))])
    const form = { trap: this.#trap.value, token }
    return post<Answer>(this.#view.api('comments'), { ...request, form }, { 'Idempotency-Key': key })
  }

  #posted(answer: Answer, body: string) {
    const view = this.#view
    const parent = this.#parent
    this.#shelf.keepDraft({ text: '', parent })
    this.#text.value = ''
    let kept = false
    if (answer.edit_token) {
      kept = this.#own.took(
        { id: answer.id, page: view.page.url, token: answer.edit_token, state: answer.state },
        this.#asComment(answer, parent?.id ?? null),
        body,
        answer.edit_until ?? '',
      )
    }
    this.#report(answer, kept)
    this.#token = null
    view.fire('posted', { id: answer.id, state: answer.state, duplicate: answer.duplicate })
  }

  #asComment(answer: Answer, parent: string | null): Comment {
    const author = { name: this.#name.value.trim() || null, badge: null, url: null }
    const { id, state, html, created_at } = answer
    return { id, version: 1, parent, depth: 0, state, author, html, lang: 'und', created_at, edited_at: null }
  }

  /** The status takes the form's place and the focus. */
  #report(answer: Answer, kept: boolean) {
    const t = this.#t
    const minutes = answer.edit_until ? Math.round((Date.parse(answer.edit_until) - Date.now()) / 60_000) : 0
    const title = answer.duplicate ? t.again : answer.state === 'approved' ? t.published : t.posted
    const more = minutes > 0 ? plural(t.change, minutes, this.#view.t) : t.noChange
    const place = kept ? t.kept : t.unkept
    const status = el(
      'div',
      { part: 'status', role: 'status', class: 'box posted', tabindex: -1 },
      el('strong', { class: 'row' }, icon(clock), title),
      el('p', {}, answer.duplicate ? t.againMore : answer.state === 'approved' ? more : `${place} ${more}`),
      el(
        'div',
        { class: 'row' },
        button(t.another, () => this.#another(status)),
      ),
    )
    this.#form?.replaceWith(status)
    status.focus()
  }

  #another(status: HTMLElement) {
    if (this.#form) status.replaceWith(this.#form)
    this.#goHome()
  }

  #busy(sending: boolean) {
    this.#sending = sending
    this.#text.readOnly = sending
    this.#submit.setAttribute('aria-disabled', `${sending}`)
    this.#submit.textContent = sending ? this.#t.sending : this.#t.post
  }

  #clear() {
    for (const box of this.#form?.querySelectorAll('.err, .wrong') ?? []) box.remove()
    for (const field of [this.#text, this.#name, this.#email]) {
      field.removeAttribute('aria-invalid')
      field.removeAttribute('aria-errormessage')
    }
  }

  /** Says beside a field what is wrong with it, and goes there. */
  #wrong(pointer: string, sentence: string) {
    const field = { '/author/name': this.#name, '/author/email': this.#email }[pointer] ?? this.#text
    const id = `wrong-${field.id}`
    field.closest('.f')?.append(el('p', { id, class: 'u wrong', role: 'alert' }, sentence))
    field.setAttribute('aria-invalid', 'true')
    field.setAttribute('aria-errormessage', id)
    this.#write()
    field.focus()
  }

  #alarm(cause: unknown, title: string) {
    const failure = cause instanceof Failure ? cause : new Failure('unknown')
    if (!(cause instanceof Failure)) console.error('aitys:', cause)
    this.#view.fire('error', { code: failure.code })
    const t = this.#t
    const field = failure.fields.find(f => ['/author/name', '/author/email'].includes(f.field))?.field
    if (field) return this.#wrong(field, field === '/author/name' ? t.wrongName : t.wrongEmail)
    if (failure.code === 'comment.empty') return this.#wrong('/body', t.empty)
    if (failure.code === 'comment.not_utf8') return this.#wrong('/body', t.unreadable)
    const first =
      failure.code === 'parent.unknown'
        ? button(t.asNew, () => this.#asNew(), { class: 'go' })
        : button(t.tryAgain, () => this.#send(), { class: 'go' })
    const why = because(failure, this.#view, t)
    const whole = failure.code === 'network' ? `${why} ${t.safe}` : why
    this.#submit.parentElement?.before(trouble(title, whole, t, this.#text, first))
  }

  /** What was to be a reply becomes a comment of its own. */
  #asNew() {
    const text = this.#text.value
    this.#shelf.keepDraft({ text: '', parent: this.#parent })
    this.#text.value = ''
    this.#anew(text, null)
    void this.#send()
  }
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

function post<T>(url: string, body: object, headers: Record<string, string> = {}): Promise<T> {
  return ask<T>(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** 128 random bits; randomUUID would want https. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('')
}
