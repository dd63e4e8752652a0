/** What a reader sees of a page's comments, and what changes it. The form and one's own comments live in form.ts. */

import type { Comment, Failure, Listing, Page, Settings } from './client'
import { button, el } from './dom'
import { number, type Words } from './i18n'
import { nodes, safe } from './markup'
import type { Parts } from './parts'
import { alert, closedForm, header, rules, title } from './pieces'
import type { Config, Slice, Stage } from './stage'
import { Thread } from './thread'
import { reading as inEnglish } from './words/en'
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

/** So many come with the page; the first step is twice as many. */
const few = 25

/** After so many milliseconds of drawing whoever reads has their turn: a slow phone draws some eight comments in them. */
const turn = 16

/** Who has had the comments before them for so long is told what comes. */
const settled = 5_000

/** The service answers a request within this time, in milliseconds. */
const patience = 20_000

/** Events of typing, pasting and dropping in a field. */
const typing =
  'keydown keypress keyup beforeinput input compositionstart compositionupdate compositionend copy cut paste dragover drop'

/** What the copy of a button does that stands below a comment. */
type Press = (c: Comment, pressed: HTMLButtonElement) => unknown

export class View implements Stage {
  t: Words = inEnglish
  /** All words of a language that is not English; the English ones lie with the parts that say them. */
  declare spoken?: Language
  /** Our words run from left to right in each of their languages, whatever the page does. */
  readonly section = el('section', { dir: 'ltr' })
  readonly #live = el('p', { 'aria-live': 'polite', class: 'vh' })
  readonly #closing = new AbortController()
  /** Aborted when the element leaves the page. */
  readonly gone = this.#closing.signal
  /** Reports whether an event of a field may reach the page. Set by parts that have fields. */
  declare passes?: (event: Event) => boolean
  #writer: Promise<Writer> | undefined
  #tries = 0
  /** The buttons that are copied for each comment. */
  #acts!: HTMLElement
  #presses!: Press[]
  #staying?: number
  /** Where the rest of the thread begins. */
  declare next: string | null
  /** Those that came while the thread was read: they stay behind what is loaded later. */
  declare late: string[]
  /** Whether what is shown is a copy: nothing follows it. */
  declare copy?: boolean
  /** Whether another address than the service's own answers, which may be a stranger's. */
  declare mirrored?: boolean
  /** How many are asked for next: this and what follows is so from the first drawing on. */
  declare step: number
  /** Whether the list begins at a comment the page's address names, perhaps in the middle of the thread. */
  declare inside: boolean
  /** The number of published comments that are not loaded, and of new ones that are not shown. */
  declare rest: number
  declare fresh: number
  /** The version of the list that is shown: when it was requested. */
  version = 0
  /** What was drawn last, if anything was. */
  declare thread: Thread
  declare page: Page
  settings: Settings = {}
  /** The form as it stands before anybody writes: one labelled line. form.ts makes it whole, in place. */
  declare form?: HTMLFormElement

  constructor(
    readonly host: HTMLElement,
    readonly config: Config,
    readonly root: ShadowRoot,
  ) {
    root.replaceChildren(this.section, this.#live)
    for (const type of typing.split(' '))
      root.addEventListener(type, event => this.#contain(event), { signal: this.gone })
    addEventListener('hashchange', () => this.#around(part => part.follow(this, addressed())), { signal: this.gone })
  }

  /**
   * Stops an event of a field at the shadow root. Beyond it the target is the element, which no page takes for a field, so
   * its single-key shortcuts would swallow letters.
   */
  #contain(event: Event) {
    const field = (event.target as HTMLElement).matches('input,select,textarea,:read-write')
    if (field && !this.passes?.(event)) event.stopPropagation()
  }

  /** Lets go of everything outside the element. */
  close() {
    this.#closing.abort()
  }

  /** The address of something of this site in the API, of the service or at another address. */
  api(path: string, base = this.config.base): string {
    return `${base}api/v1/sites/${encodeURIComponent(this.config.site)}/${path}`
  }

  fire(name: 'ready' | 'posted' | 'error', detail: object) {
    this.host.dispatchEvent(new CustomEvent(`aitys:${name}`, { detail, bubbles: true, composed: true }))
  }

  /** Says something to those who listen to the page rather than look at it. */
  say(sentence: string) {
    this.#live.textContent = sentence
  }

  /** Loads the first comments, or those around the one the page's address names, and draws everything. */
  async load(around = addressed()): Promise<void> {
    const beginning = around ? { around } : {}
    const asked = this.fetch(few, beginning)
    const version = performance.now()
    const spoken = this.#speak()
    const slow = setTimeout(() => spoken.then(() => this.#wait()), 300)
    this.section.ariaBusy = 'true'
    try {
      const listing = await this.#reach(asked, beginning)
      await spoken
      if (!this.newer(version) || !(await this.#draw(listing, around))) return
      this.fire('ready', { page: listing.page.url, count: listing.page.count })
      setTimeout(() => this.drawn()) // a task of its own: to look for what is kept may take long
      this.#stay()
    } catch (cause) {
      await spoken
      if (version >= this.version) this.#fail(cause, around)
    } finally {
      clearTimeout(slow)
      this.section.ariaBusy = null
    }
  }

  /** Learns the page's language; where that cannot be had, English serves. */
  async #speak() {
    const { lang } = this.config
    if (this.t.lang === lang) return
    try {
      this.spoken = await this.#part(lang)
      this.t = this.spoken.reading
    } catch {} // the browser says so in its console
  }

  #wait() {
    if (!this.section.firstChild) this.section.append(el('p', { class: 'u', role: 'status' }, this.t.loading))
  }

  /** Requests a list. Fails with the service's code, or `network` when no answer of the service came. */
  async fetch(limit: number, part: Slice): Promise<Listing> {
    const { page, sort, lang } = this.config
    const query = new URLSearchParams({ page, sort, limit: `${limit}`, lang, ...part })
    let code = 'network'
    try {
      const answer = await fetch(this.api(`comments?${query}`), {
        credentials: 'omit',
        cache: 'no-cache', // after Back a browser would answer from its cache
        signal: AbortSignal.timeout(patience),
      })
      const said = await answer.json()
      if (answer.ok) return said
      code = said.code
    } catch {}
    throw Object.assign(new Error(code), { code })
  }

  /** The first comments: of the service, or of another address that the page names where it fails or is silent. */
  #reach(own: Promise<Listing>, part: Slice): Promise<Listing> {
    const { mirrors, key } = this.host.dataset
    if (!mirrors && !key) return own
    return this.#part('mirror').then(
      mirror => mirror.reach(this, few, part, own),
      () => own,
    )
  }

  /** Draws everything anew, and returns whether that came to its end. */
  async #draw({ page, settings, comments, next }: Listing, around: string | null) {
    const { t } = this
    this.page = page
    this.settings = settings
    this.#act()
    this.next = next
    this.step = 2 * few
    this.late = []
    this.thread = new Thread(t)
    this.section.ariaLabel = t.comments
    this.section.lang = t.lang
    const parts: Node[] = [
      header(t, page.count, this.config.sort, settings.votes, sort => this.resort(sort)),
      ...this.#invitation(),
    ]
    if (!(await this.addAll(comments))) return false
    this.fresh = 0
    this.rest = page.count - this.thread.shown
    this.inside = around !== null && this.thread.article(around) !== null
    if (!page.count && page.open) parts.push(el('p', { class: 'u invite' }, t.invite))
    this.section.replaceChildren(...parts, this.thread.list)
    this.offerMore()
    if (around) this.#around(part => part.drawn(this, around, this.thread.shown < page.count, kept(this)))
    return true
  }

  #around(use: (part: Parts<Stage>['around']) => void) {
    if (addressed()) this.use('around', use)
  }

  /** Has the page followed, once somebody has stayed. */
  #stay() {
    this.#staying ||= setTimeout(() => {
      if (!this.gone.aborted) this.use('live', part => part.follow(this))
    }, settled)
  }

  /** Lets other parts do theirs to what was drawn: the reader's own comments, and what few threads have. */
  drawn() {
    if (this.root.querySelector('pre,.withheld')) this.use('rare', part => part.drawn(this))
    this.mine()
  }

  /** Lets the form put the reader's own comments among those that were drawn. */
  mine() {
    if (this.#writer || kept(this) || this.host.dataset.sso)
      this.writer().then(
        w => w.drawn(),
        () => {},
      )
  }

  /** The nodes of a comment's text. */
  body(html: string): DocumentFragment {
    return nodes(html)
  }

  /** Takes the version of an answer, unless the list was drawn from an answer to a later request or the element has gone. */
  newer(version: number): boolean {
    const newer = version >= this.version && !this.gone.aborted
    if (newer) this.version = version
    return newer
  }

  /** Counts the comments in the heading: those of the thread, those that are offered, and those not loaded. */
  count() {
    this.page.count = this.thread.shown + this.fresh + this.rest
    this.section.querySelector('h2')?.replaceChildren(title(this.t, this.page.count))
  }

  async resort(sort: string) {
    this.config.sort = sort
    await this.load(null)
    this.section.querySelector<HTMLElement>('.sort [aria-pressed=true]')?.focus()
  }

  /** Rules and form, or why there are none. */
  #invitation(): Node[] {
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
        this.use('why', why => why.kept(this, box))
      },
    )
  }

  /** Returns the writing part, fetched when it is first needed. */
  writer(): Promise<Writer> {
    // A browser may remember a failed import by its address, so each try has its own.
    const again = this.#tries ? `&${this.#tries}` : ''
    this.#writer ??= this.#part('form', again).then(part => part.attach(this))
    this.#writer.catch(() => {
      this.#writer = undefined
      this.#tries++
    })
    return this.#writer
  }

  /** Puts a comment into the thread, or draws it anew there. */
  add(c: Comment, ahead = false): HTMLElement {
    return this.thread.add(c, this.actions(c), ahead)
  }

  /**
   * Puts comments into the thread, some at a time, and tells of each article. Returns false where everything was drawn
   * anew meanwhile, or the element has gone.
   */
  async addAll(comments: Comment[], added = (_: HTMLElement) => {}): Promise<boolean> {
    const { thread } = this
    let until = Date.now() + turn
    for (const c of comments) {
      if (Date.now() > until) {
        await new Promise(free => setTimeout(free))
        until = Date.now() + turn
      }
      if (this.thread !== thread) return false
      added(this.add(c))
    }
    return !this.gone.aborted
  }

  /** What may be done with a comment that everybody sees. */
  actions(c: Comment): HTMLElement | undefined {
    const acts = this.#acts.cloneNode(true) as HTMLElement
    let copy = acts.firstChild as HTMLButtonElement
    if (c.votes && this.settings.votes) {
      copy.textContent = number(c.votes, this.t)
      copy.ariaLabel = this.t.good.replace('{n}', copy.textContent)
    }
    for (const press of this.#presses) {
      copy.onclick = event => press(c, event.currentTarget as HTMLButtonElement)
      copy.setAttribute('aria-describedby', `by-${c.id}`)
      copy = copy.nextSibling as HTMLButtonElement
    }
    return acts
  }

  /** Makes the buttons of which each comment has copies, and says what they do. */
  #act() {
    const { t, settings } = this
    this.#acts = el('div', { class: 'acts' })
    this.#presses = []
    const add = (label: string, press: Press, attributes = {}) => {
      this.#presses.push(press)
      this.#acts.append(button(label, null, attributes))
    }
    if (settings.votes)
      add('', (c, vote) => this.use('vote', part => part.press(this, c, vote)), {
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

  /** Offers the next step, where there is one. */
  offerMore() {
    if (this.next)
      this.try(
        () => this.#part('more').then(part => part.offer(this)),
        () => this.offerMore(),
      )
  }

  /** Does what may fail; where it did, the end of the list says so, and offers it again. */
  async try(what: () => Promise<void>, again: () => void) {
    this.section.querySelector('.err')?.remove()
    try {
      await what()
    } catch (cause) {
      this.section.append(alert(this.t, this.t.failed, '', again))
      this.#failed(cause)
    }
  }

  #fail(cause: unknown, around: string | null) {
    const offline = !navigator.onLine
    const again = () => this.load(around)
    if (offline) addEventListener('online', again, { once: true, signal: this.gone })
    const { t } = this
    const box = alert(t, t.failed, offline ? t.offline : t.unharmed, again)
    this.section.replaceChildren(box)
    const code = this.#failed(cause)
    this.use('why', why => why.explain(this, box, code))
  }

  /** Tells the page what went wrong. */
  #failed(cause: unknown): string {
    const { code = 'unknown' } = cause as Failure
    this.fire('error', { code })
    return code
  }

  /** Loads a part for what can be done without. */
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

/** A part of the widget that is loaded when it is needed, from where the script lies. */
export function part<T>(base: string, name: string, again = ''): Promise<T> {
  return import(new URL(`embed-${name}.js?v=${VERSION}${again}`, base).href)
}

/** The comment that the page's address names. */
export function addressed(): string | null {
  return /^#aitys-([\w-]+)$/.exec(location.hash)?.[1] ?? null
}

/** Reports whether this browser keeps a draft of the page, or comments of one's own that may be on it. */
function kept({ config, page }: View): boolean {
  try {
    const at = (what: string) => localStorage.getItem(`aitys:${config.site}:${what}`)
    return !!(at(`draft:${page.url}`) || at('own')?.includes(JSON.stringify(page.url)))
  } catch {
    return false
  }
}
