/** Follows a page: what is published while it is read, and what is taken away. Loaded a while after the comments. */

import buttons from './buttons.css'
import type { Comment, Listing, Page } from './client'
import { button, icon } from './dom'
import { type LiveWords, plural } from './i18n'
import sheet from './live.css'
import type { Stage } from './stage'
import { live as inEnglish, steps } from './words/en'

/** So long it takes at most until a stream says its first word, and so often is looked where there is none. */
const patience = 15_000
const lookEvery = 60_000

/** A list may be this much older than its request, in milliseconds: the service caches pages that many people read. */
const late = 3_500

/** Events are kept this long for lists that were requested before them, in milliseconds. */
const keepFor = 30_000

/** The least time between two requests for the list when a reader returns, in milliseconds. */
const returnEvery = 2_000

/** The stream announces a count before the comments that it counts; they follow within this time, in milliseconds. */
const countAfter = 300

/** A list that is older than this when the page is followed is requested again, in milliseconds. */
const old = 10_000

/** Browsers open six connections to a host over HTTP/1.1: of all tabs of this origin so many keep one. */
const streams = 2

/** Most browsers keep what is in sight where it is; for the others it is done here. */
const anchored = CSS.supports('overflow-anchor', 'auto')

const down = 'M4 6l4 4 4-4'

/** Begins to follow the page of a stage, until that leaves its own. */
export function follow(stage: Stage) {
  // Who points at a time is told in full, as their browser says it.
  stage.section.addEventListener('mouseover', ({ target }) => {
    if (target instanceof HTMLTimeElement) target.title = new Date(target.dateTime).toLocaleString()
  })
  if (stage.copy) return // nothing comes
  new Live(stage)
}

class Live {
  readonly #stage: Stage
  readonly #t: LiveWords
  /** New comments that are not shown yet, and the number of others known only by count. */
  readonly #fresh = new Map<string, Comment>()
  #others = 0
  /** Recent events of the stream and their times. Older lists lack them. */
  #events: { at: number; apply: () => void }[] = []
  #checking?: number
  #looked = performance.now()
  readonly #pill = button('', () => this.#show(), { class: 'wide new' })
  #source: EventSource | null = null
  #letGo: (() => void) | null = null
  #opening = false
  /** The id of the last event: the stream goes on from there. */
  #last = ''

  constructor(stage: Stage) {
    this.#stage = stage
    const styles = new CSSStyleSheet()
    styles.replaceSync(buttons + sheet)
    stage.root.adoptedStyleSheets = [...stage.root.adoptedStyleSheets, styles]
    this.#t = stage.spoken?.live ?? inEnglish
    const signal = stage.gone
    document.addEventListener('visibilitychange', () => this.#turn(), { signal })
    addEventListener('pageshow', ({ persisted }) => persisted && this.#return(), { signal })
    addEventListener('online', () => this.#return(), { signal })
    stage.host.addEventListener('aitys:ready', () => this.#drawn(), { signal })
    const looking = setInterval(() => this.#minute(), lookEvery)
    signal.addEventListener('abort', () => {
      clearInterval(looking)
      clearTimeout(this.#checking)
      this.#close()
    })
    void this.#open()
    // The browser may have frozen the page before this part was loaded.
    if (performance.now() - stage.version > old) void this.#look()
  }

  /** A hidden tab keeps no connection. */
  #turn() {
    if (document.hidden) this.#close()
    else this.#return()
  }

  /** Follows the page again after the reader, the page or the connection was away. */
  #return() {
    void this.#open()
    if (performance.now() - this.#looked < returnEvery) return
    void this.#look()
  }

  /** Requests the state of one of the reader's own comments. */
  #heard(id: string) {
    this.#stage.writer().then(
      w => w.heard(id),
      () => {},
    )
  }

  #minute() {
    if (document.hidden || this.#source) return
    void this.#look()
    void this.#open()
  }

  async #open() {
    // A stream has no bound: who may be a stranger is asked anew from time to time.
    if (this.#source || this.#opening || this.#stage.mirrored) return
    this.#opening = true
    const letGo = await place()
    this.#opening = false
    if (!letGo) return
    this.#letGo = letGo
    if (document.hidden || this.#stage.gone.aborted) return this.#close()
    const asked = new URLSearchParams({ page: this.#stage.config.page })
    if (this.#last) asked.set('after', this.#last)
    const source = new EventSource(this.#stage.api(`live?${asked}`))
    this.#source = source
    // Some proxies keep a stream back until it ends.
    const silent = setTimeout(() => this.#close(), patience)
    const on = (name: string, told: (data: string) => void) =>
      source.addEventListener(name, event => {
        clearTimeout(silent)
        if (event.lastEventId) this.#last = event.lastEventId
        told(event.data)
      })
    on('comment', data => this.#event(() => this.#arrived(JSON.parse(data))))
    on('removed', data => this.#event(() => this.#removed(JSON.parse(data))))
    on('count', data => this.#check(JSON.parse(data).count))
    on('reload', () => void this.#look())
    let reconnected = false
    source.addEventListener('open', () => {
      if (reconnected) this.#return()
      reconnected = true
    })
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) this.#close() // it was refused: look every minute
    })
  }

  #close() {
    this.#source?.close()
    this.#letGo?.()
    this.#source = this.#letGo = null
  }

  /** Applies an event, and keeps it for lists that are older. */
  #event(apply: () => void) {
    const at = performance.now()
    this.#events = this.#events.filter(e => e.at > at - keepFor)
    this.#events.push({ at, apply })
    apply()
    this.#offer()
  }

  /** Applies the events that are newer than the shown list. */
  #replay() {
    for (const { at, apply } of this.#events) if (at > this.#stage.version - late) apply()
    this.#offer()
  }

  /** After the list was drawn again, only events since its request are new. */
  #drawn() {
    this.#fresh.clear()
    this.#others = 0
    this.#replay()
  }

  /** Compares the service's count with the comments that are known here. */
  #check(count: number) {
    clearTimeout(this.#checking)
    // Jitter, so that the readers of a page do not ask at once.
    const wait = countAfter * (1 + 2 * Math.random())
    this.#checking = setTimeout(() => {
      if (count !== this.#stage.page.count) void this.#look(count)
    }, wait)
  }

  #arrived(c: Comment) {
    const { thread } = this.#stage
    const here = thread.comment(c.id)
    const classes = thread.article(c.id)?.classList
    if (!here) {
      // An edited comment may be one that is not loaded. If it is new, the count differs.
      if (!this.#partial || !c.edited_at) this.#fresh.set(c.id, c)
    } else if (classes?.contains('own')) {
      this.#heard(c.id)
    } else if (here.version < c.version || here.html === null) {
      if (classes?.contains('mine')) this.#heard(c.id)
      else this.#inPlace(() => this.#stage.add(c))
    }
  }

  /** Leaves the place of a comment, and says of it what was told. */
  #removed({ id, state = 'removed', withheld = null }: Pick<Comment, 'id' | 'withheld'> & { state?: string }) {
    const stage = this.#stage
    const { thread } = stage
    this.#fresh.delete(id)
    const c = thread.comment(id)
    const article = thread.article(id)
    if (!c || (c.html === null && c.state === state) || article?.classList.contains('own')) return
    if (article?.classList.contains('mine')) this.#heard(id) // its writer is told why
    this.#inPlace(() => stage.add({ ...c, author: null, html: null, state, withheld }))
    if (state === 'withheld') stage.use('rare', part => part.drawn(stage))
  }

  /**
   * Requests the list again and applies the differences, for when the stream is closed or may have missed events. Told
   * is the count from the stream; a list with fewer comments is stale, and requested once more. The reader's own pending
   * comments are not in the list: each is requested.
   */
  async #look(told = 0) {
    const stage = this.#stage
    const { thread } = stage
    for (const { id } of stage.root.querySelectorAll('article.own')) this.#heard(id.slice('aitys-'.length))
    const version = performance.now()
    this.#looked = version
    const ids = () => [...thread.list.querySelectorAll('article:not(.own)')].map(({ id }) => id.slice('aitys-'.length))
    const all = new Map<string, Comment>()
    let page: Page
    let after: string | null = null
    try {
      // If the thread is loaded in part, request pages until they have all shown comments.
      do {
        const listing: Listing = await stage.fetch(100, after ? { after } : {})
        page = listing.page
        after = listing.next
        for (const c of listing.comments) all.set(c.id, c)
      } while (after && (!this.#partial || ids().some(id => !all.has(id))))
    } catch {
      return
    }
    // A load in progress replaces this list.
    if (stage.thread !== thread || stage.section.ariaBusy || !stage.newer(version)) return
    for (const c of all.values()) {
      if (c.html === null) this.#removed(c)
      else if (!this.#partial || thread.comment(c.id)) this.#arrived(c)
    }
    if (!after) for (const id of [...ids(), ...this.#fresh.keys()]) if (!all.has(id)) this.#removed({ id })
    const unsure = this.#events.some(({ at }) => at > version - late)
    this.#replay()
    // The reader's own comments are counted once the service was asked for them.
    const own = [...all.values()].filter(c => c.html !== null && thread.article(c.id)?.classList.contains('own'))
    const more = page.count - stage.page.count - own.length
    if (page.count < told || (more && unsure)) {
      clearTimeout(this.#checking)
      this.#checking = setTimeout(() => void this.#look(), late)
    } else if (more) {
      // Of new comments that are not loaded, only the number is known.
      if (this.#partial && more > 0) this.#others += more
      else stage.rest = Math.max(0, stage.rest + more)
      this.#offer()
    }
  }

  /** Whether the thread has comments that are not loaded. */
  get #partial(): boolean {
    return !!this.#stage.next || this.#stage.rest > 0
  }

  /** Counts what came in the heading, and offers it where it will appear: nothing that is being read moves. */
  #offer() {
    const stage = this.#stage
    const { config, thread, t } = stage
    if (this.#fresh.size && !thread.list.querySelector('article')) this.#insert()
    stage.fresh = this.#fresh.size + this.#others
    stage.count()
    if (!stage.fresh) return this.#pill.remove()
    this.#pill.replaceChildren(icon(down), plural(this.#t.show, stage.fresh, t))
    if (this.#pill.isConnected) return
    this.#inPlace(() => thread.list[config.sort === 'oldest' ? 'after' : 'before'](this.#pill))
    stage.say(plural(this.#t.came, stage.fresh, t))
  }

  #show() {
    if (this.#others) return void this.#stage.resort('newest')
    const first = this.#insert()
    this.#offer()
    first?.focus({ preventScroll: true })
  }

  /** Puts what came into the thread, and returns the first article. */
  #insert(): HTMLElement | null {
    const stage = this.#stage
    const fresh = [...this.#fresh.values()].sort((a, b) => (a.created_at < b.created_at ? -1 : 1))
    this.#fresh.clear()
    let first: HTMLElement | null = null
    stage.root.querySelector('.invite')?.remove()
    this.#inPlace(() => {
      for (const c of fresh) {
        if (c.parent && this.#partial && !stage.thread.comment(c.parent)) {
          stage.rest++ // it is loaded with its parent
          continue
        }
        const node = stage.add(c, stage.config.sort !== 'oldest')
        if (!c.parent && stage.next) stage.late.push(c.id)
        first ??= node
      }
    })
    stage.say(plural((stage.spoken?.steps ?? steps).loaded, fresh.length, stage.t))
    return first
  }

  /** Changes the list, and keeps what is in sight where it is. */
  #inPlace(change: () => void) {
    const { root } = this.#stage
    const focused = root.activeElement?.closest('article')?.id
    const articles = [...this.#stage.thread.list.querySelectorAll('article')]
    const seen = anchored ? undefined : articles.find(a => a.getBoundingClientRect().bottom > 0)
    const before = seen?.getBoundingClientRect().top
    change()
    if (focused && !root.activeElement) root.getElementById(focused)?.focus({ preventScroll: true })
    if (seen?.isConnected && before !== undefined) scrollBy(0, seen.getBoundingClientRect().top - before)
  }
}

/** Takes one of the places for a stream, and returns what gives it back; null where there is none. */
async function place(): Promise<(() => void) | null> {
  for (let n = 0; n < streams; n++) {
    const letGo = await new Promise<(() => void) | null>(resolve => {
      // Without locks, on a page without https, there would be no telling how many tabs have one.
      const asked = navigator.locks?.request(`aitys:live:${n}`, { ifAvailable: true }, lock =>
        lock ? new Promise<void>(done => resolve(done)) : resolve(null),
      )
      if (asked) asked.catch(() => resolve(null))
      else resolve(null)
    })
    if (letGo) return letGo
  }
  return null
}
