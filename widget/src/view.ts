/** The view of a page's comments. The form and the reader's own comments are in form.ts. */

import type { Comment, Failure, Listing, Page, Settings } from './client'
import { button, el } from './dom'
import { alert, closedForm, header, rules, title } from './frame'
import { number, type Words } from './i18n'
import { nodes, safe } from './markup'
import type { Parts } from './parts'
import type { Config, Slice, Stage } from './stage'
import { Thread } from './thread'
import { reading as english } from './words/en'
import type { Writer } from './writer'

declare const VERSION: string

/** The modules of the parts. The compiler checks them against the table in parts.ts. */
interface Modules {
  around: typeof import('./around')
  counts: typeof import('./counts')
  form: typeof import('./form')
  live: typeof import('./live')
  mirror: typeof import('./mirror')
  more: typeof import('./more')
  prove: typeof import('./prove')
  rare: typeof import('./rare')
  report: typeof import('./report')
  told: typeof import('./told')
  vote: typeof import('./vote')
  who: typeof import('./who')
  why: typeof import('./why')
}
type Checked<T extends Parts<Stage>> = T
export type Loaded = Checked<Modules>
type Language = typeof import('./words/ru')

/** The number of comments loaded first. The first step loads twice as many. */
const firstCount = 25

/** Drawing yields to input after this time, in milliseconds. A slow phone draws about eight comments in it. */
const frameBudget = 16

/** Live updates start after the comments were shown for this long, in milliseconds. */
const liveDelay = 5_000

/** The timeout of a request, in milliseconds. */
const requestTimeout = 20_000

/** The events of typing, pasting and dropping in a field. */
const fieldEvents =
  'keydown keypress keyup beforeinput input compositionstart compositionupdate compositionend copy cut paste dragover drop'

/** The handler of a button below a comment. */
type Handler = (c: Comment, clicked: HTMLButtonElement) => unknown

export class View implements Stage {
  t: Words = english
  /** All sentences of a language other than English. The English ones are bundled with each part. */
  declare words?: Language
  /** All our languages run from left to right, in every page. */
  readonly section = el('section', { dir: 'ltr' })
  readonly #live = el('p', { 'aria-live': 'polite', class: 'vh' })
  readonly #closing = new AbortController()
  /** Aborted when the element leaves the page. */
  readonly gone = this.#closing.signal
  /** Reports whether an event of a field may reach the page. Set by parts that have fields. */
  declare passes?: (event: Event) => boolean
  #writer: Promise<Writer> | undefined
  #formAttempts = 0
  /** The buttons that are cloned for each comment, and their handlers. */
  #buttons!: HTMLElement
  #handlers!: Handler[]
  #liveTimer?: number
  /** The cursor of the comments that are not loaded, or null. */
  declare next: string | null
  /** IDs of comments that arrived while the thread was open. They stay behind those loaded later. */
  declare late: string[]
  /** Whether a static copy is shown. Copies have no live updates. */
  declare copy?: boolean
  /** Whether a mirror answers instead of the service. A mirror is not trusted. */
  declare mirrored?: boolean
  /** The size of the next step. This field and the following ones are set by the first drawing. */
  declare step: number
  /** Whether the list begins at the comment that the page's address names, maybe in the middle of the thread. */
  declare inside: boolean
  /** The number of published comments that are not loaded, and of new ones that are not shown. */
  declare rest: number
  declare fresh: number
  /** The version of the list that is shown: when it was requested. */
  version = 0
  /** The thread that was drawn last. */
  declare thread: Thread
  declare page: Page
  settings: Settings = {}
  /** The closed form: one labelled line. form.ts completes it in place. */
  declare form?: HTMLFormElement

  constructor(
    readonly host: HTMLElement,
    readonly config: Config,
    readonly root: ShadowRoot,
  ) {
    root.replaceChildren(this.section, this.#live)
    for (const type of fieldEvents.split(' '))
      root.addEventListener(type, event => this.#stopFieldEvent(event), { signal: this.gone })
    addEventListener('hashchange', () => this.#useAround(part => part.show(this, addressedID())), { signal: this.gone })
  }

  /**
   * Stops an event of a field at the shadow root. Outside, its target is the element, which pages do not recognise as a
   * field, so their single-key shortcuts would swallow letters.
   */
  #stopFieldEvent(event: Event) {
    const field = (event.target as HTMLElement).matches('input,select,textarea,:read-write')
    if (field && !this.passes?.(event)) event.stopPropagation()
  }

  /** Removes listeners, timers and connections outside the element. */
  close() {
    this.#closing.abort()
  }

  /** Returns an address of this site in the API, at the service or at another base. */
  api(path: string, base = this.config.base): string {
    return `${base}api/v1/sites/${encodeURIComponent(this.config.site)}/${path}`
  }

  fire(name: 'ready' | 'posted' | 'error', detail: object) {
    this.host.dispatchEvent(new CustomEvent(`aitys:${name}`, { detail, bubbles: true, composed: true }))
  }

  /** Announces a sentence to screen readers. */
  say(sentence: string) {
    this.#live.textContent = sentence
  }

  /** Loads and draws the first comments, or those around the comment that the page's address names. */
  async load(around = addressedID()): Promise<void> {
    const beginning = around ? { around } : {}
    const asked = this.fetch(firstCount, beginning)
    const version = performance.now()
    const wordsLoaded = this.#loadWords()
    const slow = setTimeout(() => wordsLoaded.then(() => this.#showLoading()), 300)
    this.section.ariaBusy = 'true'
    try {
      const listing = await this.#firstListing(asked, beginning)
      await wordsLoaded
      if (!this.newer(version) || !(await this.#draw(listing, around))) return
      this.fire('ready', { page: listing.page.url, count: listing.page.count })
      setTimeout(() => this.drawn()) // in a later task: searching storage may be slow
      this.#startLive()
    } catch (cause) {
      await wordsLoaded
      if (version >= this.version) this.#showFailure(cause, around)
    } finally {
      clearTimeout(slow)
      this.section.ariaBusy = null
    }
  }

  /** Loads the sentences of the page's language. English remains if they cannot be loaded. */
  async #loadWords() {
    const { lang } = this.config
    if (this.t.lang === lang) return
    try {
      this.words = await this.#part(lang)
      this.t = this.words.reading
    } catch {} // the browser logs the failure
  }

  #showLoading() {
    if (!this.section.firstChild) this.section.append(el('p', { class: 'u', role: 'status' }, this.t.loading))
  }

  /** Requests comments. Throws with the service's error code, or `network` without a valid answer. */
  async fetch(limit: number, slice: Slice): Promise<Listing> {
    const { page, sort, lang } = this.config
    const query = new URLSearchParams({ page, sort, limit: `${limit}`, lang, ...slice })
    let code = 'network'
    try {
      const answer = await fetch(this.api(`comments?${query}`), {
        credentials: 'omit',
        cache: 'no-cache', // after Back a browser would use its cache
        signal: AbortSignal.timeout(requestTimeout),
      })
      const body = await answer.json()
      if (answer.ok) return body
      code = body.code
    } catch {}
    throw Object.assign(new Error(code), { code })
  }

  /** Returns the first comments from the service, or from a mirror that the page names. */
  #firstListing(own: Promise<Listing>, slice: Slice): Promise<Listing> {
    const { mirrors, key } = this.host.dataset
    if (!mirrors && !key) return own
    return this.#part('mirror').then(
      mirror => mirror.load(this, firstCount, slice, own),
      () => own,
    )
  }

  /** Draws everything again. Returns false if another load or the element's removal ended it early. */
  async #draw({ page, settings, comments, next }: Listing, around: string | null) {
    const { t } = this
    this.page = page
    this.settings = settings
    this.#createButtons()
    this.next = next
    this.step = 2 * firstCount
    this.late = []
    this.thread = new Thread(t)
    this.section.ariaLabel = t.comments
    this.section.lang = t.lang
    const parts: Node[] = [
      header(t, page.count, this.config.sort, settings.votes, sort => this.resort(sort)),
      ...this.#formArea(),
    ]
    if (!(await this.addAll(comments))) return false
    this.fresh = 0
    this.rest = page.count - this.thread.shown
    this.inside = around !== null && this.thread.article(around) !== null
    if (!page.count && page.open) parts.push(el('p', { class: 'u invite' }, t.invite))
    this.section.replaceChildren(...parts, this.thread.list)
    this.offerMore()
    if (around) this.#useAround(part => part.drawn(this, around, this.thread.shown < page.count, mayHaveOwn(this)))
    return true
  }

  #useAround(use: (part: Parts<Stage>['around']) => void) {
    if (addressedID()) this.use('around', use)
  }

  /** Starts live updates after a delay. */
  #startLive() {
    this.#liveTimer ||= setTimeout(() => {
      if (!this.gone.aborted) this.use('live', part => part.follow(this))
    }, liveDelay)
  }

  /** Lets other parts complete what was drawn: own comments, code blocks and withheld comments. */
  drawn() {
    if (this.root.querySelector('pre,.withheld')) this.use('rare', part => part.drawn(this))
    this.mine()
  }

  /** Loads the form part if needed, and adds the reader's own comments. */
  mine() {
    if (this.#writer || mayHaveOwn(this) || this.host.dataset.sso)
      this.writer().then(
        w => w.drawn(),
        () => {},
      )
  }

  /** Returns the nodes of a comment's text. */
  body(html: string): DocumentFragment {
    return nodes(html)
  }

  /** Stores an answer's version. Returns false if a later request was drawn already, or the element was removed. */
  newer(version: number): boolean {
    const newer = version >= this.version && !this.gone.aborted
    if (newer) this.version = version
    return newer
  }

  /** Updates the heading's count: loaded comments, new ones that are offered, and those not loaded. */
  count() {
    this.page.count = this.thread.shown + this.fresh + this.rest
    this.section.querySelector('h2')?.replaceChildren(title(this.t, this.page.count))
  }

  async resort(sort: string) {
    this.config.sort = sort
    await this.load(null)
    this.section.querySelector<HTMLElement>('.sort [aria-pressed=true]')?.focus()
  }

  /** Returns rules and form, or the notice that the page is closed. */
  #formArea(): Node[] {
    const { t, settings, page, config } = this
    if (!page.open) return [el('p', { class: 'box' }, t.closed)]
    this.form ??= closedForm(
      t,
      safe(settings.signin_url ?? '') ?? `${config.base}sites/${config.site}/signin?origin=${location.origin}`,
      () => this.#openForm(),
    )
    return settings.rules ? [rules(settings.rules), this.form] : [this.form]
  }

  #openForm() {
    const { t, form } = this
    form?.querySelector('.box')?.remove()
    this.writer().then(
      w => w.open(),
      () => {
        const box = alert(t, t.formFailed, '', () => this.#openForm())
        form?.append(box)
        this.use('why', why => why.hint(this, box))
      },
    )
  }

  /** Returns the form part, which is loaded on first use. */
  writer(): Promise<Writer> {
    // Browsers may cache a failed import by its address, so each attempt has another address.
    const again = this.#formAttempts ? `&${this.#formAttempts}` : ''
    this.#writer ??= this.#part('form', again).then(part => part.attach(this))
    this.#writer.catch(() => {
      this.#writer = undefined
      this.#formAttempts++
    })
    return this.#writer
  }

  /** Adds a comment to the thread, or draws it again in place. */
  add(c: Comment, ahead = false): HTMLElement {
    return this.thread.add(c, this.actions(c), ahead)
  }

  /**
   * Adds comments to the thread in batches, and calls added with each article. Returns false if the thread was drawn
   * again meanwhile, or the element was removed.
   */
  async addAll(comments: Comment[], added = (_: HTMLElement) => {}): Promise<boolean> {
    const { thread } = this
    let until = Date.now() + frameBudget
    for (const c of comments) {
      if (Date.now() > until) {
        await new Promise(resume => setTimeout(resume))
        until = Date.now() + frameBudget
      }
      if (this.thread !== thread) return false
      added(this.add(c))
    }
    return !this.gone.aborted
  }

  /** Returns the buttons of a published comment. */
  actions(c: Comment): HTMLElement | undefined {
    const buttons = this.#buttons.cloneNode(true) as HTMLElement
    let copy = buttons.firstChild as HTMLButtonElement
    if (c.votes && this.settings.votes) {
      copy.textContent = number(c.votes, this.t)
      copy.ariaLabel = this.t.good.replace('{n}', copy.textContent)
    }
    for (const handler of this.#handlers) {
      copy.onclick = event => handler(c, event.currentTarget as HTMLButtonElement)
      copy.setAttribute('aria-describedby', `by-${c.id}`)
      copy = copy.nextSibling as HTMLButtonElement
    }
    return buttons
  }

  /** Creates the buttons that are cloned for each comment, and their handlers. */
  #createButtons() {
    const { t, settings } = this
    this.#buttons = el('div', { class: 'acts' })
    this.#handlers = []
    const add = (label: string, handler: Handler, attributes = {}) => {
      this.#handlers.push(handler)
      this.#buttons.append(button(label, null, attributes))
    }
    if (settings.votes)
      add('', (c, clicked) => this.use('vote', part => part.vote(this, c, clicked)), {
        part: 'vote',
        'aria-pressed': 'false',
        'aria-label': t.good.replace('{n}', '0'),
      })
    if (this.page.open)
      add(
        t.reply,
        c =>
          this.writer()
            .then(w => w.reply(c.id))
            .catch(() => {}),
        { part: 'reply' },
      )
    add(t.report, c => this.use('vote', part => part.report(this, c)))
  }

  /** Shows the button for the next step, if there is one. */
  offerMore() {
    if (this.next)
      this.try(
        () => this.#part('more').then(part => part.offer(this)),
        () => this.offerMore(),
      )
  }

  /** Calls what. On failure, shows an alert at the end of the list with a button that calls again. */
  async try(what: () => Promise<void>, again: () => void) {
    this.section.querySelector('.err')?.remove()
    try {
      await what()
    } catch (cause) {
      this.section.append(alert(this.t, this.t.failed, '', again))
      this.#fireError(cause)
    }
  }

  #showFailure(cause: unknown, around: string | null) {
    const offline = !navigator.onLine
    const again = () => this.load(around)
    if (offline) addEventListener('online', again, { once: true, signal: this.gone })
    const { t } = this
    const box = alert(t, t.failed, offline ? t.offline : t.unharmed, again)
    this.section.replaceChildren(box)
    const code = this.#fireError(cause)
    this.use('why', why => why.explain(this, box, code))
  }

  /** Fires an error event, and returns the error code. */
  #fireError(cause: unknown): string {
    const { code = 'unknown' } = cause as Failure
    this.fire('error', { code })
    return code
  }

  /** Loads an optional part and calls use with it. Ignores failures. */
  use<N extends keyof Parts<Stage>>(name: N, use: (part: Parts<Stage>[N]) => void) {
    this.#part(name)
      .then(use)
      .catch(() => {})
  }

  #part<N extends keyof Parts<Stage>>(name: N, again?: string): Promise<Parts<Stage>[N]>
  #part(language: string): Promise<Language>
  #part<T>(name: string, again?: string): Promise<T> {
    return part(this.config.parts, name, again)
  }
}

/** Loads a part of the widget from the script's folder. */
export function part<T>(base: string, name: string, again = ''): Promise<T> {
  return import(new URL(`embed-${name}.js?v=${VERSION}${again}`, base).href)
}

/** Returns the ID of the comment that the page's address names, or null. */
export function addressedID(): string | null {
  return /^#aitys-([\w-]+)$/.exec(location.hash)?.[1] ?? null
}

/** Reports whether this browser stores a draft of the page, or own comments that may be on it. */
function mayHaveOwn({ config, page }: View): boolean {
  try {
    const at = (what: string) => localStorage.getItem(`aitys:${config.site}:${what}`)
    return !!(at(`draft:${page.url}`) || at('own')?.includes(JSON.stringify(page.url)))
  } catch {
    return false
  }
}
