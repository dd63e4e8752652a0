/** The form, opened in place, and what becomes of what is sent. Loaded when a reader turns to writing. */

import buttons from './buttons.css'
import { ask, Failure } from './client'
import { about, button, composing, el } from './dom'
import { Fields } from './fields'
import sheet from './form.css'
import { type FormWords, fill, number } from './i18n'
import { passes } from './keys'
import { likely, nameless, warn } from './likely'
import { OwnComments } from './own'
import { type Preview, preview } from './preview'
import { type Answer, asComment, newKey, report, send, usual } from './sending'
import { type Draft, Shelf } from './shelf'
import { type Signer, signer } from './signer'
import type { Stage } from './stage'
import { toolbar } from './toolbar'
import { because, trouble } from './trouble'
import { form as inEnglish } from './words/en'
import type { Writer } from './writer'

export function attach(stage: Stage): Writer {
  const styles = new CSSStyleSheet()
  styles.replaceSync(buttons + sheet)
  stage.root.adoptedStyleSheets = [...stage.root.adoptedStyleSheets, styles]
  stage.passes = passes
  // Preload the message that drafts are kept, for when the service is unreachable.
  stage.use('why', () => {})
  return new Form(stage)
}

class Form implements Writer {
  readonly #stage: Stage
  readonly #t: FormWords
  readonly #shelf: Shelf
  readonly #own: OwnComments
  readonly #fields: Fields
  readonly #form: HTMLFormElement
  readonly #text: HTMLTextAreaElement
  readonly #preview: Preview
  readonly #signer: Signer
  readonly #heading = el('p', { class: 'u row', hidden: true })
  /** Stands where the form belongs while it is with a comment that is being answered. */
  readonly #home: HTMLButtonElement
  #parent: Draft['parent'] = null
  #token: Promise<string | null> | null = null
  /** The name that stood there last. */
  #called: string
  /** Whether this draft had its word before sending. */
  #warned = false
  #complete = false
  #sending = false

  constructor(stage: Stage) {
    const t = stage.spoken?.form ?? inEnglish
    this.#stage = stage
    this.#t = t
    this.#shelf = new Shelf(stage.config.site, stage.page.url)
    this.#own = new OwnComments(stage, t, this.#shelf, (text, parent) => this.#anew(text, parent))
    this.#form = stage.form ?? el('form') // a closed page has none; then nothing here is ever shown
    this.#text = this.#form.querySelector('textarea') ?? el('textarea')
    const { person } = this.#shelf
    this.#called = person?.name ?? ''
    this.#fields = new Fields(this.#form, this.#text, t, person, stage.settings.who, stage.settings.mail)
    this.#preview = preview(
      stage,
      this.#text,
      t,
      () => this.#fields.clear(),
      cause => this.#alarm(cause, t.previewFailed),
    )
    addEventListener('storage', event => this.#elsewhere(event), { signal: stage.gone })
    this.#signer = signer(stage, this.#shelf, this.#form, () => {
      this.open()
      this.#text.focus()
    })
    this.#home = button(stage.t.write, () => this.#move(null), { class: 'wide stub' })
  }

  open() {
    this.#open()
    this.#token ??= ask<{ token: string }>(this.#stage.api('form'), { cache: 'no-store' }).then(
      a => a.token,
      () => null,
    )
  }

  drawn() {
    this.#signer.believe()
    this.#own.drawn()
    // Who began to write before this part had arrived goes on where they are.
    const begun = this.#stage.root.activeElement === this.#text || this.#text.value
    const draft = begun ? this.#draft : this.#shelf.drafts.at(-1)
    if (!this.#complete && draft) {
      this.#parent = draft.parent
      const here = this.#text.value
      this.#text.value = draft.text === here ? here : [draft.text, here].filter(Boolean).join('\n\n')
      if (draft.person) this.#fields.fill(draft.person)
      this.#open()
    }
    if (this.#form.isConnected) this.#settle()
  }

  heard(id: string) {
    this.#own.heard(id)
  }

  reply(id: string) {
    const comment = this.#stage.thread.comment(id)
    if (comment) this.#move({ id, name: comment.author?.name ?? this.#stage.t.anonymous })
  }

  #open() {
    if (this.#complete) return
    this.#complete = true
    if (this.#text.value) this.#keep()
    else this.#text.value = this.#draft?.text ?? ''
    this.#fields.complete(this.#heading, toolbar(this.#text, this.#t, this.#preview.button), this.#usually)
    const { config, settings } = this.#stage
    const ours = `${config.base}sites/${encodeURIComponent(config.site)}/`
    this.#form.append(
      el(
        'p',
        { class: 'u two' },
        el('a', { class: 'u', href: `${ours}privacy?lang=${this.#stage.t.lang}`, target: '_blank' }, this.#t.privacy),
      ),
    )
    if (settings.providers) this.#fields.offer(`${ours}signin?origin=${location.origin}`, settings.providers.join(', '))
    const { proof } = this.#fields
    if (proof)
      this.#stage.use('prove', part =>
        part.prove(this.#stage, proof, this.#fields.written, who => this.#signer.admit(who)),
      )
    this.#form.addEventListener('input', () => this.#keep())
    this.#form.addEventListener('submit', () => this.#send())
    this.#form.addEventListener('keydown', event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !composing(event)) this.#send()
    })
  }

  /** Takes the form to a comment, or home with null, and with it the draft that belongs there. */
  #move(parent: Draft['parent']) {
    if (this.#sending) return
    this.open()
    this.#keep()
    if (parent?.id !== this.#parent?.id) {
      this.#parent = parent
      this.#warned = false
      this.#text.value = this.#draft?.text ?? ''
      if (this.#draft?.person) this.#fields.fill(this.#draft.person)
    }
    this.#fields.clear()
    this.#settle()
    this.#preview.close()
    this.#text.focus()
  }

  /** Puts the form where its parent stands, and a way back where it came from. */
  #settle() {
    const form = this.#form
    const { thread, t } = this.#stage
    const at = this.#parent && thread.article(this.#parent.id)
    if (form.previousElementSibling?.localName !== 'article') form.after(this.#home)
    this.#home.hidden = !at
    // A form that is moved, if only to where it stands, loses the focus, and a phone its keyboard.
    if (at && form.previousElementSibling !== at) at.after(form)
    else if (!at && this.#home.isConnected && form.nextElementSibling !== this.#home) this.#home.before(form)
    form.parentElement?.querySelector(':scope > .posted')?.remove()
    const name = this.#parent?.name ?? t.anonymous
    this.#heading.hidden = !this.#parent
    this.#heading.replaceChildren(
      el('strong', {}, ...about(this.#t.replyTo, name)),
      button(this.#t.cancel, () => this.#move(null)),
    )
  }

  /** Follows another tab of the page: both write one draft, and what one has sent the other does not offer again. */
  #elsewhere(event: StorageEvent) {
    if (this.#shelf.turned(event)) this.#signer.follow()
    const before = this.#shelf.changed(event)
    if (!before || this.#sending) return
    const was = before.find(d => d.parent?.id === this.#parent?.id)?.text ?? ''
    if (this.#text.value !== was) return
    const now = this.#draft
    this.#text.value = now?.text ?? ''
    if (now) this.#open()
    if (now?.person) this.#fields.fill(now.person)
  }

  get #usually(): string {
    return usual(this.#stage.settings.usually, this.#t, this.#stage.t)
  }

  get #draft(): Draft | undefined {
    return this.#shelf.drafts.find(d => d.parent?.id === this.#parent?.id)
  }

  /** Keeps the text as a draft, and whose it is; its key too, as long as it is the same text. */
  #keep(key = this.#draft?.text === this.#text.value ? this.#draft.key : undefined) {
    const person = this.#fields.written
    this.#called = person.name || this.#called
    this.#shelf.keepDraft({ text: this.#text.value, parent: this.#parent, person, ...(key ? { key } : {}) })
  }

  /** Brings a text into the form, below what may stand there. */
  #anew(text: string, parent: Draft['parent']) {
    this.#move(parent)
    const here = this.#text.value
    this.#text.value = here.trim() && here !== text ? `${here}\n\n${text}` : text
    this.#keep()
  }

  async #send() {
    if (this.#sending) return
    this.#fields.clear()
    const body = this.#text.value
    const most = this.#stage.settings.max_length ?? 10_000
    if (!body.trim()) return this.#wrong('/body', this.#t.empty)
    if ([...body].length > most) return this.#wrong('/body', this.#tooLong(body, most))
    const missing = this.#signer.who ? null : this.#fields.missing
    if (missing) return this.#wrong(...missing)
    if (!this.#signer.who && !this.#fields.emailValid) return this.#wrong('/author/email', this.#fields.wrongEmail)
    if (!this.#signer.who && this.#called && !this.#fields.written.name) return this.#nameless()
    this.#sending = true
    this.#fields.busy(true)
    try {
      if (!(await this.#warn(body))) this.#posted(await this.#submitted(body), body)
    } catch (cause) {
      this.#alarm(cause, this.#t.notSent)
    } finally {
      this.#sending = false
      this.#fields.busy(false)
    }
  }

  /** Says, once a draft, why it may be refused; what staff write is not. */
  async #warn(body: string): Promise<boolean> {
    const word = this.#warned || this.#signer.who?.badge ? null : await likely(this.#stage, body)
    if (!word) return false
    this.#warned = true
    const change = () => {
      this.#fields.clear()
      this.#preview.close()
      this.#text.focus()
    }
    const alert = warn(word, this.#t, change, () => this.#send())
    this.#fields.submit.parentElement?.before(alert)
    alert.querySelector('button')?.focus()
    return true
  }

  /** Asks before a comment goes without the name that stood there. */
  #nameless() {
    const t = this.#t
    const name = this.#called
    const send = (as: string) => {
      this.#called = as
      this.#fields.fill({ name: as, email: '' })
      this.#send()
    }
    const question = nameless(name, t, send)
    this.#fields.submit.parentElement?.before(question)
    question.querySelector('button')?.focus()
  }

  #tooLong(body: string, most: number): string {
    const { t } = this.#stage
    return fill(this.#t.long, { m: number(most, t), n: number([...body].length, t) })
  }

  async #submitted(body: string): Promise<Answer> {
    const { config } = this.#stage
    this.#shelf.person = this.#fields.person
    const [key, spare] = [this.#draft?.text === body ? this.#draft.key : undefined, newKey()]
    this.#keep(key ?? spare)
    // A token that does not come must not keep a comment back.
    const token = await Promise.race([this.#token, new Promise<null>(done => setTimeout(done, 2000, null))])
    const comment = {
      page: { url: config.page, title: config.title },
      parent: this.#parent?.id ?? null,
      author: this.#signer.who ? { identity: this.#signer.who.identity } : this.#fields.author,
      body,
      form: { trap: this.#fields.trap, token },
    }
    return send(this.#stage.api('comments'), comment, key ?? spare, key ? spare : newKey())
  }

  #posted(answer: Answer, body: string) {
    const stage = this.#stage
    this.#text.value = ''
    this.#keep()
    this.#token = null
    this.#warned = false
    let kept = false
    if (answer.edit_token) {
      const { name, badge } = this.#signer.who ?? { name: this.#fields.author.name, badge: null }
      const comment = asComment(
        answer,
        { name, badge, url: null, verified: !!this.#signer.who },
        this.#parent?.id ?? null,
      )
      const own = { id: answer.id, page: stage.page.url, token: answer.edit_token, state: answer.state }
      kept = this.#own.took(own, comment, body, answer.edit_until ?? '')
    }
    const another = button(this.#t.another, () => {
      status.replaceWith(this.#form)
      this.#move(null)
    })
    const status = report(answer, kept, this.#usually, this.#t, stage.t, another)
    this.#form.replaceWith(status)
    status.focus()
    const { id, edit_token: token } = answer
    if (token && stage.settings.mail && (this.#signer.who ? !this.#signer.who.badge : this.#fields.author.email))
      stage.use('told', part => part.told(stage, status, id, token))
    stage.fire('posted', { id: answer.id, state: answer.state, duplicate: answer.duplicate })
  }

  #wrong(pointer: string, sentence: string) {
    this.#preview.close()
    this.#fields.wrong(pointer, sentence)
  }

  #alarm(cause: unknown, title: string) {
    const failure = cause instanceof Failure ? cause : new Failure('unknown')
    if (!(cause instanceof Failure)) console.error('aitys:', cause)
    this.#stage.fire('error', { code: failure.code })
    const t = this.#t
    if (failure.code === 'identity.refused') this.#signer.leave()
    const field = failure.fields.find(f => ['/author/name', '/author/email'].includes(f.field))?.field
    if (field) {
      const { name, email } = this.#fields.written
      if (field === '/author/name') return this.#wrong(field, name || this.#signer.who ? t.wrongName : t.noName)
      return this.#wrong(field, email ? this.#fields.wrongEmail : t.noEmail)
    }
    if (failure.fields.some(f => f.field === '/author/identity')) return this.#wrong('/body', t.signIn)
    if (failure.code === 'comment.empty') return this.#wrong('/body', t.empty)
    if (failure.code === 'comment.not_utf8') return this.#wrong('/body', t.unreadable)
    const first =
      failure.code === 'parent.unknown'
        ? button(t.asNew, () => this.#asNew(), { class: 'go' })
        : button(t.tryAgain, () => this.#send(), { class: 'go' })
    const why = because(failure, t, this.#stage.t)
    const whole = failure.code === 'network' ? `${why} ${t.safe}` : why
    this.#fields.submit.parentElement?.before(trouble(title, whole, t, this.#text, first))
  }

  /** What was to be a reply becomes a comment of its own. */
  #asNew() {
    const text = this.#text.value
    this.#text.value = ''
    this.#keep()
    this.#anew(text, null)
    void this.#send()
  }
}
