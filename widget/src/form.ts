/** The open form and the reader's own comments. Loaded when a reader begins to write. */

import buttons from './buttons.css'
import { Failure, request } from './client'
import { about, button, composing, el } from './dom'
import { failureAlert, failureText } from './failure'
import { Fields } from './fields'
import sheet from './form.css'
import { type FormWords, fill, number } from './i18n'
import { passes } from './keys'
import { OwnComments } from './own'
import { type Preview, preview } from './preview'
import { type Answer, asComment, newKey, postedMessage, send, waitText } from './sending'
import { type Signer, signer } from './signer'
import type { Stage } from './stage'
import { BrowserStorage, type Draft } from './storage'
import { toolbar } from './toolbar'
import { nameQuestion, requestWarning, warningAlert } from './warning'
import { form as english } from './words/en'
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
  readonly #storage: BrowserStorage
  readonly #own: OwnComments
  readonly #fields: Fields
  readonly #form: HTMLFormElement
  readonly #text: HTMLTextAreaElement
  readonly #preview: Preview
  readonly #signer: Signer
  readonly #heading = el('p', { class: 'u row', hidden: true })
  /** Marks the form's place above the list while the form is at a comment. */
  readonly #writeButton: HTMLButtonElement
  #parent: Draft['parent'] = null
  #token: Promise<string | null> | null = null
  /** The last non-empty name in the form. */
  #lastName: string
  /** Whether the warning about a likely rejection was shown for this draft. */
  #warned = false
  #completed = false
  #sending = false

  constructor(stage: Stage) {
    const t = stage.words?.form ?? english
    this.#stage = stage
    this.#t = t
    this.#storage = new BrowserStorage(stage.config.site, stage.page.url)
    this.#own = new OwnComments(stage, t, this.#storage, (text, parent) => this.#insertText(text, parent))
    this.#form = stage.form ?? el('form') // a closed page has no form; this one stays detached
    this.#text = this.#form.querySelector('textarea') ?? el('textarea')
    const { person } = this.#storage
    this.#lastName = person?.name ?? ''
    this.#fields = new Fields(this.#form, this.#text, t, person, stage.settings.who, stage.settings.mail)
    this.#preview = preview(
      stage,
      this.#text,
      t,
      () => this.#fields.clear(),
      cause => this.#showFailure(cause, t.previewFailed),
    )
    addEventListener('storage', event => this.#onStorage(event), { signal: stage.gone })
    this.#signer = signer(stage, this.#storage, this.#form, () => {
      this.open()
      this.#text.focus()
    })
    this.#writeButton = button(stage.t.write, () => this.#move(null), { class: 'wide stub' })
  }

  open() {
    this.#open()
    this.#token ??= request<{ token: string }>(this.#stage.api('form'), { cache: 'no-store' }).then(
      a => a.token,
      () => null,
    )
  }

  drawn() {
    this.#signer.useSSO()
    this.#own.drawn()
    // A reader may have begun to write before this part was loaded.
    const begun = this.#stage.root.activeElement === this.#text || this.#text.value
    const draft = begun ? this.#draft : this.#storage.drafts.at(-1)
    if (!this.#completed && draft) {
      this.#parent = draft.parent
      const here = this.#text.value
      this.#text.value = draft.text === here ? here : [draft.text, here].filter(Boolean).join('\n\n')
      if (draft.person) this.#fields.fill(draft.person)
      this.#open()
    }
    if (this.#form.isConnected) this.#placeForm()
  }

  sync(id: string) {
    this.#own.sync(id)
  }

  reply(id: string) {
    const comment = this.#stage.thread.comment(id)
    if (comment) this.#move({ id, name: comment.author?.name ?? this.#stage.t.anonymous })
  }

  #open() {
    if (this.#completed) return
    this.#completed = true
    if (this.#text.value) this.#keep()
    else this.#text.value = this.#draft?.text ?? ''
    this.#fields.complete(this.#heading, toolbar(this.#text, this.#t, this.#preview.button), this.#waitText)
    const { config, settings } = this.#stage
    const siteBase = `${config.base}sites/${encodeURIComponent(config.site)}/`
    this.#form.append(
      el(
        'p',
        { class: 'u two' },
        el(
          'a',
          { class: 'u', href: `${siteBase}privacy?lang=${this.#stage.t.lang}`, target: '_blank' },
          this.#t.privacy,
        ),
      ),
    )
    if (settings.providers)
      this.#fields.offer(`${siteBase}signin?origin=${location.origin}`, settings.providers.join(', '))
    const { proof } = this.#fields
    if (proof)
      this.#stage.use('prove', part =>
        part.start(this.#stage, proof, this.#fields.values, who => this.#signer.login(who)),
      )
    this.#form.addEventListener('input', () => this.#keep())
    this.#form.addEventListener('submit', () => this.#send())
    this.#form.addEventListener('keydown', event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !composing(event)) this.#send()
    })
  }

  /** Moves the form to a comment, or to its own place if parent is null, and shows the draft for it. */
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
    this.#placeForm()
    this.#preview.close()
    this.#text.focus()
  }

  /** Places the form at its parent, and a button to move it back at its own place. */
  #placeForm() {
    const form = this.#form
    const { thread, t } = this.#stage
    const at = this.#parent && thread.article(this.#parent.id)
    if (form.previousElementSibling?.localName !== 'article') form.after(this.#writeButton)
    this.#writeButton.hidden = !at
    // Moving a form, even to the same place, loses the focus and closes a phone's keyboard.
    if (at && form.previousElementSibling !== at) at.after(form)
    else if (!at && this.#writeButton.isConnected && form.nextElementSibling !== this.#writeButton)
      this.#writeButton.before(form)
    form.parentElement?.querySelector(':scope > .posted')?.remove()
    const name = this.#parent?.name ?? t.anonymous
    this.#heading.hidden = !this.#parent
    this.#heading.replaceChildren(
      el('strong', {}, ...about(this.#t.replyTo, name)),
      button(this.#t.cancel, () => this.#move(null)),
    )
  }

  /** Applies changes by another tab of the page: tabs share sign-in and drafts. */
  #onStorage(event: StorageEvent) {
    if (this.#storage.isLogin(event)) this.#signer.sync()
    const before = this.#storage.oldDrafts(event)
    if (!before || this.#sending) return
    const was = before.find(d => d.parent?.id === this.#parent?.id)?.text ?? ''
    if (this.#text.value !== was) return
    const now = this.#draft
    this.#text.value = now?.text ?? ''
    if (now) this.#open()
    if (now?.person) this.#fields.fill(now.person)
  }

  get #waitText(): string {
    return waitText(this.#stage.settings.usually, this.#t, this.#stage.t)
  }

  get #draft(): Draft | undefined {
    return this.#storage.drafts.find(d => d.parent?.id === this.#parent?.id)
  }

  /** Stores the text as a draft, with the person, and with its idempotency key while the text is the same. */
  #keep(key = this.#draft?.text === this.#text.value ? this.#draft.key : undefined) {
    const person = this.#fields.values
    this.#lastName = person.name || this.#lastName
    this.#storage.keepDraft({ text: this.#text.value, parent: this.#parent, person, ...(key ? { key } : {}) })
  }

  /** Puts a text into the form, below text that is there. */
  #insertText(text: string, parent: Draft['parent']) {
    this.#move(parent)
    const here = this.#text.value
    this.#text.value = here.trim() && here !== text ? `${here}\n\n${text}` : text
    this.#keep()
  }

  async #send() {
    if (this.#sending) return
    this.#fields.clear()
    const body = this.#text.value
    const max = this.#stage.settings.max_length ?? 10_000
    if (!body.trim()) return this.#fieldError('/body', this.#t.empty)
    if ([...body].length > max) return this.#fieldError('/body', this.#tooLong(body, max))
    const missing = this.#signer.who ? null : this.#fields.missing
    if (missing) return this.#fieldError(...missing)
    if (!this.#signer.who && !this.#fields.emailValid) return this.#fieldError('/author/email', this.#fields.emailError)
    if (!this.#signer.who && this.#lastName && !this.#fields.values.name) return this.#askName()
    this.#sending = true
    this.#fields.busy(true)
    try {
      if (!(await this.#warn(body))) this.#posted(await this.#submit(body), body)
    } catch (cause) {
      this.#showFailure(cause, this.#t.notSent)
    } finally {
      this.#sending = false
      this.#fields.busy(false)
    }
  }

  /** Warns once per draft about a likely rejection. Staff get no warning. Reports whether a warning was shown. */
  async #warn(body: string): Promise<boolean> {
    const warning = this.#warned || this.#signer.who?.badge ? null : await requestWarning(this.#stage, body)
    if (!warning) return false
    this.#warned = true
    const change = () => {
      this.#fields.clear()
      this.#preview.close()
      this.#text.focus()
    }
    const alert = warningAlert(warning, this.#t, change, () => this.#send())
    this.#fields.submit.parentElement?.before(alert)
    alert.querySelector('button')?.focus()
    return true
  }

  /** Asks before posting without the name that was used before. */
  #askName() {
    const t = this.#t
    const name = this.#lastName
    const send = (as: string) => {
      this.#lastName = as
      this.#fields.fill({ name: as, email: '' })
      this.#send()
    }
    const question = nameQuestion(name, t, send)
    this.#fields.submit.parentElement?.before(question)
    question.querySelector('button')?.focus()
  }

  #tooLong(body: string, max: number): string {
    const { t } = this.#stage
    return fill(this.#t.long, { m: number(max, t), n: number([...body].length, t) })
  }

  async #submit(body: string): Promise<Answer> {
    const { config } = this.#stage
    this.#storage.person = this.#fields.person
    const [key, spare] = [this.#draft?.text === body ? this.#draft.key : undefined, newKey()]
    this.#keep(key ?? spare)
    // Send without a token if it does not arrive in time.
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
      kept = this.#own.add(own, comment, body, answer.edit_until ?? '')
    }
    const another = button(this.#t.another, () => {
      status.replaceWith(this.#form)
      this.#move(null)
    })
    const status = postedMessage(answer, kept, this.#waitText, this.#t, stage.t, another)
    this.#form.replaceWith(status)
    status.focus()
    const { id, edit_token: token } = answer
    if (token && stage.settings.mail && (this.#signer.who ? !this.#signer.who.badge : this.#fields.author.email))
      stage.use('told', part => part.show(stage, status, id, token))
    stage.fire('posted', { id: answer.id, state: answer.state, duplicate: answer.duplicate })
  }

  #fieldError(pointer: string, sentence: string) {
    this.#preview.close()
    this.#fields.error(pointer, sentence)
  }

  #showFailure(cause: unknown, title: string) {
    const failure = cause instanceof Failure ? cause : new Failure('unknown')
    if (!(cause instanceof Failure)) console.error('aitys:', cause)
    this.#stage.fire('error', { code: failure.code })
    const t = this.#t
    if (failure.code === 'identity.refused') this.#signer.logout()
    const field = failure.fields.find(f => ['/author/name', '/author/email'].includes(f.field))?.field
    if (field) {
      const { name, email } = this.#fields.values
      if (field === '/author/name') return this.#fieldError(field, name || this.#signer.who ? t.wrongName : t.noName)
      return this.#fieldError(field, email ? this.#fields.emailError : t.noEmail)
    }
    if (failure.fields.some(f => f.field === '/author/identity')) return this.#fieldError('/body', t.signIn)
    if (failure.code === 'comment.empty') return this.#fieldError('/body', t.empty)
    if (failure.code === 'comment.not_utf8') return this.#fieldError('/body', t.unreadable)
    const first =
      failure.code === 'parent.unknown'
        ? button(t.asNew, () => this.#asNew(), { class: 'go' })
        : button(t.tryAgain, () => this.#send(), { class: 'go' })
    const why = failureText(failure, t, this.#stage.t)
    const details = failure.code === 'network' ? `${why} ${t.safe}` : why
    this.#fields.submit.parentElement?.before(failureAlert(title, details, t, this.#text, first))
  }

  /** Sends a reply as a top-level comment. */
  #asNew() {
    const text = this.#text.value
    this.#text.value = ''
    this.#keep()
    this.#insertText(text, null)
    void this.#send()
  }
}
