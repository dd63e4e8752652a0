/**
 * Mirrors, used when the service does not answer: the same service at another address, or a static copy signed with the
 * site's key. Loaded if the page names mirrors.
 *
 * A copy's index is verified with the key in the page, and its files by their hashes in the index. A mirror's owner can
 * therefore withhold a copy, but not change it.
 */

import { type Comment, Failure, type Listing } from './client'
import { el, icon, put } from './dom'
import { canonicalURL, hasDraft } from './draft'
import { date, fill } from './i18n'
import sheet from './mirror.css'
import type { Slice, Stage } from './stage'
import { validListing } from './validate'
import { copy as english } from './words/en'

/** The signed index of a copy. */
interface Index {
  site: string
  generated_at: string
  key: string
  pages: Record<string, { file: string; sha256: string }>
  signature: string
}

/** What an address serves: the service, a copy made at a time, or a copy that this browser cannot verify. */
interface Found {
  base: string
  listing: Listing
  at?: string
  unchecked?: string
}

/** The mirrors are tried if the service does not answer for this long, in milliseconds. */
const serviceDelay = 2_000

/** The delay before the next address is tried, in milliseconds. */
const addressDelay = 1_000

/** The timeout of a request in milliseconds, and the size limits of an index, a copied page and a comment in bytes. */
const requestTimeout = 20_000
const maxIndex = 16 << 20
const maxPage = 128 << 20
const maxComment = 64 << 10

/** The service's address and the time of the newest index seen, by site. Kept while the page is open. */
const serviceBases = new Map<string, string>()
const newestIndex = new Map<string, string>()

const pagesIcon = 'M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1'

/** Returns the first comments from the service, or from a mirror if the service fails or is silent. */
export async function load(stage: Stage, first: number, slice: Slice, own: Promise<Listing>): Promise<Listing> {
  try {
    const listing = await Promise.race([own, new Promise<void>(done => setTimeout(done, serviceDelay))])
    if (listing?.comments) return listing
  } catch (cause) {
    if ((cause as Failure).code?.includes('.')) throw cause // the service refused
  }
  return findAddress(stage, first, slice, own)
}

/** Requests the first comments from each address. The first valid answer decides which address serves the visit. */
async function findAddress(stage: Stage, first: number, slice: Slice, own: Promise<Listing>): Promise<Listing> {
  const { host, config } = stage
  const { mirrors = '', key = '' } = host.dataset
  const home = serviceBases.get(config.site) ?? config.base
  serviceBases.set(config.site, home)
  const addresses = new Set([config.base, home, ...mirrors.split(/\s+/).filter(Boolean).map(baseAddress)])
  // The service may still answer, and its address may have become a copy.
  const attempts = [own.then(listing => requireListing({ base: config.base, listing }))]
  let found: Found | undefined
  let turn = Promise.resolve()
  for (const base of addresses) {
    const attempt = turn.then(() => {
      if (found) throw new Failure('unknown')
      const kinds = [readCopy(base, stage, key, addresses.size)]
      if (base !== config.base) kinds.push(readService(base, stage, first, slice))
      return Promise.any(kinds)
    })
    attempts.push(attempt)
    const previous = turn
    turn = previous.then(
      () =>
        new Promise(next => {
          attempt.catch(() => next())
          setTimeout(next, addressDelay)
        }),
    )
  }
  found = await Promise.any(attempts).catch(() => {
    throw new Failure('network')
  })
  if (stage.gone.aborted) return found.listing
  if (!found.unchecked) {
    config.base = found.base
    host.dataset.host = found.base // for the next page of a single-page app
  }
  if (found.base !== home) {
    stage.mirrored = true
    stage.fetch = (limit, slice) => fetchListing(stage, limit, slice, config.base)
  }
  if (!found.at && !found.unchecked) return found.listing
  showCopy(stage, found, home)
  return stage.fetch(first, slice)
}

const baseAddress = (address: string) => new URL(address.replace(/\/?$/, '/'), document.baseURI).href

/** Throws unless the answer is a listing. */
function requireListing(found: Found): Found {
  if (!Array.isArray(found.listing?.comments) || !found.listing.page) throw new Failure('unknown')
  return found
}

async function readService(base: string, stage: Stage, first: number, slice: Slice): Promise<Found> {
  return { base, listing: await fetchListing(stage, first, slice, base) }
}

/** Requests comments from an untrusted address, and validates the answer. */
async function fetchListing(stage: Stage, limit: number, slice: Slice, base: string): Promise<Listing> {
  const { page, lang } = stage.config
  const query = new URLSearchParams({ page, sort: stage.config.sort, limit: `${limit}`, lang, ...slice })
  return validListing(parsed(await read(stage.api(`comments?${query}`, base), limit * maxComment)), limit)
}

/** Returns the body of an answer. Throws if it is longer than limit bytes or does not end in time. */
async function read(address: string, limit: number): Promise<ArrayBuffer> {
  const { ok, body } = await fetch(address, {
    credentials: 'omit',
    cache: 'no-cache',
    signal: AbortSignal.timeout(requestTimeout),
  })
  const reader = body?.getReader()
  const chunks: Uint8Array<ArrayBuffer>[] = []
  for (let size = 0; ok && reader; ) {
    const { done, value } = await reader.read()
    if (done) return new Blob(chunks).arrayBuffer()
    size += value.length
    if (size > limit) break
    chunks.push(value)
  }
  void reader?.cancel().catch(() => {}) // not awaited
  throw new Failure('unknown')
}

const parsed = (said: ArrayBuffer) => JSON.parse(new TextDecoder().decode(said))

async function readCopy(base: string, stage: Stage, key: string, others: number): Promise<Found> {
  const { site, page } = stage.config
  if (!key) throw new Failure('unknown') // without a key, a copy cannot be verified
  const index: Index | null = parsed(await read(`${base}aitys.json`, maxIndex))
  const url = canonicalURL(page)
  const entry = index?.pages?.[url]
  const at = index?.generated_at
  if (index?.site !== site || index.key !== key || typeof at !== 'string' || isOlder(site, at))
    throw new Failure('unknown')
  if (entry && !/^[\w-]+(\/[\w-]+)*\.json$/.test(entry.file)) throw new Failure('unknown')
  const listing: Listing = { page: { url, title: '', open: false, count: 0 }, settings: {}, comments: [], next: null }
  const verifier = await crypto.subtle
    ?.importKey('raw', bytes(key), 'Ed25519', false, ['verify'])
    .catch(() => undefined)
  if (!verifier) {
    await new Promise(resolve => setTimeout(resolve, others * addressDelay)) // prefer an address of the service itself
    return { base, listing, unchecked: base + (entry ? entry.file.replace(/json$/, 'html') : 'index.html') }
  }
  const { signature, ...said } = index
  const signed = new TextEncoder().encode(canonicalJSON(said))
  if (!(await crypto.subtle.verify('Ed25519', verifier, bytes(signature), signed))) throw new Failure('unknown')
  rememberIndex(site, at)
  if (!entry) return { base, listing, at } // the page had no comments at that time
  const file = await read(base + entry.file, maxPage)
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', file))
  if ([...sum].map(b => b.toString(16).padStart(2, '0')).join('') !== entry.sha256) throw new Failure('unknown')
  return requireListing({ base, at, listing: parsed(file) })
}

/** Returns the canonical JSON that is signed (RFC 8785). JSON.stringify returns it for strings and numbers. */
function canonicalJSON(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJSON)}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJSON(member)}`)}}`
}

/** Decodes base64url. */
function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0))
}

/** The storage key for the time of the newest index. It is stored only if the reader has written on this site. */
const storageKey = (site: string) => `aitys:${site}:copy`

function isOlder(site: string, at: string): boolean {
  let kept: string | null = null
  try {
    kept = localStorage.getItem(storageKey(site))
  } catch {} // the browser may refuse storage
  return [newestIndex.get(site), kept].some(seen => seen && Date.parse(at) < Date.parse(seen)) || !Date.parse(at)
}

function rememberIndex(site: string, at: string) {
  newestIndex.set(site, at)
  try {
    if (Object.keys(localStorage).some(name => name.startsWith(`aitys:${site}:`)))
      localStorage.setItem(storageKey(site), at)
  } catch {}
}

/** Makes the stage show a copy: a notice above the heading, comments from memory, and no buttons. */
function showCopy(stage: Stage, { listing, at = '', unchecked }: Found, home: string) {
  const { config, section } = stage
  const day = new Date(at)
  const styles = new CSSStyleSheet()
  styles.replaceSync(sheet)
  stage.root.adoptedStyleSheets = [...stage.root.adoptedStyleSheets, styles]
  stage.copy = true
  stage.actions = () => undefined
  stage.fetch = async (limit, { after, around }) => {
    const all = sorted(listing.comments, stage.config.sort)
    let from = Number(after ?? 0)
    const here = around ? all.findIndex(c => c.id === around) : -1
    if (here >= limit) {
      from = here
      while (all[from]?.parent && here - from < limit - 1) from--
    }
    const to = from + limit
    return {
      page: { ...listing.page, open: false },
      settings: {},
      comments: all.slice(from, to),
      next: to < all.length ? `${to}` : null,
    }
  }
  stage.drawn = () => {
    const t = stage.words?.copy ?? english
    const page = `${home}sites/${encodeURIComponent(config.site)}/page?${new URLSearchParams({ url: config.page })}`
    const serviceLink = el('a', { href: page }, new URL(home).host)
    const note = (...said: (Node | string)[]) =>
      el(
        'div',
        { class: 'box copy', role: 'note' },
        icon(pagesIcon),
        el('p', {}, ...said),
        hasDraft(stage) ? el('p', {}, t.kept) : null,
      )
    if (unchecked) {
      const link = el('a', { href: unchecked, rel: 'noopener' }, t.read)
      return section.replaceChildren(note(...put(t.unchecked, link)))
    }
    stage.use('rare', part => part.drawn(stage, home))
    section.querySelector('header ~ p.box')?.remove() // the notice that the page is closed
    if (section.querySelector('[role=note]')) return
    const summary = fill(t.of, { date: date(day, stage.t) })
    section.prepend(note(el('b', {}, summary), ' ', ...put(t.why, serviceLink)))
  }
}

/** Sorts comments by the roots of their threads. */
function sorted(all: Comment[], sort: string): Comment[] {
  const threads: Comment[][] = []
  for (const c of all) {
    if (!c.parent || !threads.length) threads.push([])
    threads.at(-1)?.push(c)
  }
  if (sort === 'newest') threads.reverse()
  if (sort === 'top') threads.sort((a, b) => (b[0]?.votes ?? 0) - (a[0]?.votes ?? 0))
  return threads.flat()
}
