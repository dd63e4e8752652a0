/** Live updates: comments published or removed while the page is open. Loaded some seconds after the comments. */

import buttons from './buttons.css'
import type { Comment, Listing, Page } from './client'
import { button, icon } from './dom'
import { date, type LiveWords, plural } from './i18n'
import sheet from './live.css'
import type { Stage } from './stage'
import { live as english, steps } from './words/en'

/** The timeout for a stream's first event, and the poll interval without a stream, in milliseconds. */
const streamTimeout = 15_000
const pollInterval = 60_000

/** A list may be older than its request by this much, in milliseconds: the service caches busy pages. */
const maxAge = 3_500

/** Events are kept this long for lists that were requested before them, in milliseconds. */
const keepFor = 30_000

/** The least time between two requests for the list when a reader returns, in milliseconds. */
const resumeInterval = 2_000

/** The stream announces a count before the comments that it counts; they follow within this time, in milliseconds. */
const countDelay = 300

/** A list that is older than this when the page is followed is requested again, in milliseconds. */
const staleAfter = 10_000

/** The number of streams of all tabs of this origin. Browsers open six connections per host over HTTP/1.1. */
const maxStreams = 2

/** Whether the browser anchors the scroll position. For others, #inPlace does it. */
const anchored = CSS.supports('overflow-anchor', 'auto')

const arrow = 'M4 6l4 4 4-4'

/** Starts live updates of a stage. They end when the element is removed. */
export function follow(stage: Stage) {
  // Hovering over a time shows it in full.
  stage.section.addEventListener('mouseover', ({ target }) => {
    if (!(target instanceof HTMLTimeElement)) return
    const at = new Date(target.dateTime)
    target.title = `${date(at, stage.t)}, ${at.toTimeString().slice(0, 5)}`
  })
  if (stage.copy) return // copies have no live updates
  new Live(stage)
}

class Live {
  readonly #stage: Stage
  readonly #t: LiveWords
  /** New comments that are not shown yet, and the number of others known only by count. */
  readonly #fresh = new Map<string, Comment>()
  #unloaded = 0
  /** Recent events of the stream and their times. Older lists lack them. */
  #events: { at: number; apply: () => void }[] = []
  #refreshTimer?: number
  #refreshedAt = performance.now()
  readonly #showButton = button('', () => this.#show(), { class: 'wide new' })
  #source: EventSource | null = null
  #release: (() => void) | null = null
  #opening = false
  /** The id of the last event: the stream goes on from there. */
  #lastID = ''

  constructor(stage: Stage) {
    this.#stage = stage
    const styles = new CSSStyleSheet()
    styles.replaceSync(buttons + sheet)
    stage.root.adoptedStyleSheets = [...stage.root.adoptedStyleSheets, styles]
    this.#t = stage.words?.live ?? english
    const signal = stage.gone
    document.addEventListener('visibilitychange', () => this.#onVisibility(), { signal })
    addEventListener('pageshow', ({ persisted }) => persisted && this.#resume(), { signal })
    addEventListener('online', () => this.#resume(), { signal })
    stage.host.addEventListener('aitys:ready', () => this.#onDrawn(), { signal })
    const polling = setInterval(() => this.#poll(), pollInterval)
    signal.addEventListener('abort', () => {
      clearInterval(polling)
      clearTimeout(this.#refreshTimer)
      this.#close()
    })
    void this.#open()
    // The browser may have frozen the page before this part was loaded.
    if (performance.now() - stage.version > staleAfter) void this.#refresh()
  }

  /** A hidden tab keeps no connection. */
  #onVisibility() {
    if (document.hidden) this.#close()
    else this.#resume()
  }

  /** Follows the page again after the reader, the page or the connection was away. */
  #resume() {
    void this.#open()
    if (performance.now() - this.#refreshedAt < resumeInterval) return
    void this.#refresh()
  }

  /** Updates one of the reader's own comments. */
  #syncOwn(id: string) {
    this.#stage.writer().then(
      w => w.sync(id),
      () => {},
    )
  }

  #poll() {
    if (document.hidden || this.#source) return
    void this.#refresh()
    void this.#open()
  }

  async #open() {
    // Streams are unbounded, so an untrusted mirror is polled instead.
    if (this.#source || this.#opening || this.#stage.mirrored) return
    this.#opening = true
    const release = await takeSlot()
    this.#opening = false
    if (!release) return
    this.#release = release
    if (document.hidden || this.#stage.gone.aborted) return this.#close()
    const query = new URLSearchParams({ page: this.#stage.config.page })
    if (this.#lastID) query.set('after', this.#lastID)
    const source = new EventSource(this.#stage.api(`live?${query}`))
    this.#source = source
    // Some proxies buffer a stream until it ends.
    const silent = setTimeout(() => this.#close(), streamTimeout)
    const on = (name: string, handle: (data: string) => void) =>
      source.addEventListener(name, event => {
        clearTimeout(silent)
        if (event.lastEventId) this.#lastID = event.lastEventId
        handle(event.data)
      })
    on('comment', data => this.#onEvent(() => this.#onComment(JSON.parse(data))))
    on('removed', data => this.#onEvent(() => this.#onRemoved(JSON.parse(data))))
    on('count', data => this.#onCount(JSON.parse(data).count))
    on('reload', () => void this.#refresh())
    let reconnected = false
    source.addEventListener('open', () => {
      if (reconnected) this.#resume()
      reconnected = true
    })
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) this.#close() // refused: poll instead
    })
  }

  #close() {
    this.#source?.close()
    this.#release?.()
    this.#source = this.#release = null
  }

  /** Applies an event, and keeps it for lists that are older. */
  #onEvent(apply: () => void) {
    const at = performance.now()
    this.#events = this.#events.filter(e => e.at > at - keepFor)
    this.#events.push({ at, apply })
    apply()
    this.#offer()
  }

  /** Applies the events that are newer than the shown list. */
  #replay() {
    for (const { at, apply } of this.#events) if (at > this.#stage.version - maxAge) apply()
    this.#offer()
  }

  /** After the list was drawn again, only events since its request are new. */
  #onDrawn() {
    this.#fresh.clear()
    this.#unloaded = 0
    this.#replay()
  }

  /** Compares the service's count with the comments that are known here. */
  #onCount(count: number) {
    clearTimeout(this.#refreshTimer)
    // Jitter, so that the readers of a page do not ask at once.
    const wait = countDelay * (1 + 2 * Math.random())
    this.#refreshTimer = setTimeout(() => {
      if (count !== this.#stage.page.count) void this.#refresh(count)
    }, wait)
  }

  #onComment(c: Comment) {
    const { thread } = this.#stage
    const here = thread.comment(c.id)
    const classes = thread.article(c.id)?.classList
    if (!here) {
      // An edited comment may be one that is not loaded. If it is new, the count differs.
      if (!this.#partial || !c.edited_at) this.#fresh.set(c.id, c)
    } else if (classes?.contains('own')) {
      this.#syncOwn(c.id)
    } else if (here.version < c.version || here.html === null) {
      if (classes?.contains('mine')) this.#syncOwn(c.id)
      else this.#inPlace(() => this.#stage.add(c))
    }
  }

  /** Replaces a comment by a placeholder for its new state. */
  #onRemoved({ id, state = 'removed', withheld = null }: Pick<Comment, 'id' | 'withheld'> & { state?: string }) {
    const stage = this.#stage
    const { thread } = stage
    this.#fresh.delete(id)
    const c = thread.comment(id)
    const article = thread.article(id)
    if (!c || (c.html === null && c.state === state) || article?.classList.contains('own')) return
    if (article?.classList.contains('mine')) this.#syncOwn(id) // shows its author the reason
    this.#inPlace(() => stage.add({ ...c, author: null, html: null, state, withheld }))
    if (state === 'withheld') stage.use('rare', part => part.drawn(stage))
  }

  /**
   * Requests the list again and applies the differences, if the stream is closed or may have missed events. A list with
   * fewer comments than minCount, the stream's count, is stale and requested again. The reader's own pending comments
   * are not in the list, so each is requested.
   */
  async #refresh(minCount = 0) {
    const stage = this.#stage
    const { thread } = stage
    for (const { id } of stage.root.querySelectorAll('article.own')) this.#syncOwn(id.slice('aitys-'.length))
    const version = performance.now()
    this.#refreshedAt = version
    const ids = () => [...thread.list.querySelectorAll('article:not(.own)')].map(({ id }) => id.slice('aitys-'.length))
    const all = new Map<string, Comment>()
    let page: Page
    let after: string | null = null
    try {
      // If the thread is loaded in part, request pages until they include all shown comments.
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
      if (c.html === null) this.#onRemoved(c)
      else if (!this.#partial || thread.comment(c.id)) this.#onComment(c)
    }
    if (!after) for (const id of [...ids(), ...this.#fresh.keys()]) if (!all.has(id)) this.#onRemoved({ id })
    const uncertain = this.#events.some(({ at }) => at > version - maxAge)
    this.#replay()
    // The reader's own comments are counted after their state was requested.
    const own = [...all.values()].filter(c => c.html !== null && thread.article(c.id)?.classList.contains('own'))
    const more = page.count - stage.page.count - own.length
    if (page.count < minCount || (more && uncertain)) {
      clearTimeout(this.#refreshTimer)
      this.#refreshTimer = setTimeout(() => void this.#refresh(), maxAge)
    } else if (more) {
      // Of new comments that are not loaded, only the number is known.
      if (this.#partial && more > 0) this.#unloaded += more
      else stage.rest = Math.max(0, stage.rest + more)
      this.#offer()
    }
  }

  /** Whether the thread has comments that are not loaded. */
  get #partial(): boolean {
    return !!this.#stage.next || this.#stage.rest > 0
  }

  /** Updates the count, and shows a button for new comments where they will appear, so that the text does not move. */
  #offer() {
    const stage = this.#stage
    const { config, thread, t } = stage
    if (this.#fresh.size && !thread.list.querySelector('article')) this.#insert()
    stage.fresh = this.#fresh.size + this.#unloaded
    stage.count()
    if (!stage.fresh) return this.#showButton.remove()
    this.#showButton.replaceChildren(icon(arrow), plural(this.#t.show, stage.fresh, t))
    if (this.#showButton.isConnected) return
    this.#inPlace(() => thread.list[config.sort === 'oldest' ? 'after' : 'before'](this.#showButton))
    stage.say(plural(this.#t.came, stage.fresh, t))
  }

  #show() {
    if (this.#unloaded) return void this.#stage.resort('newest')
    const first = this.#insert()
    this.#offer()
    first?.focus({ preventScroll: true })
  }

  /** Adds new comments to the thread, and returns the first article. */
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
    stage.say(plural((stage.words?.steps ?? steps).loaded, fresh.length, stage.t))
    return first
  }

  /** Changes the list, and keeps focus and scroll position. */
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

/** Takes a slot for a stream. Returns the function that releases it, or null if no slot is free. */
async function takeSlot(): Promise<(() => void) | null> {
  for (let n = 0; n < maxStreams; n++) {
    const release = await new Promise<(() => void) | null>(resolve => {
      // Pages without https have no locks, so the number of open streams would be unknown.
      const query = navigator.locks?.request(`aitys:live:${n}`, { ifAvailable: true }, lock =>
        lock ? new Promise<void>(done => resolve(done)) : resolve(null),
      )
      if (query) query.catch(() => resolve(null))
      else resolve(null)
    })
    if (release) return release
  }
  return null
}
