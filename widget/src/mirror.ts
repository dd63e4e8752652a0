/**
 * Other addresses for the comments, for when the service does not answer: the same service elsewhere, or a copy of what
 * it said, signed with the site's key. Loaded with the comments of a page that names other addresses.
 *
 * Of a copy nothing is shown but what a list names that verifies under the key which the page gives: whoever keeps the
 * copy can withhold it, and no more.
 */

import { type Comment, Failure, type Listing } from './client'
import { el, icon, put } from './dom'
import { canonical, drafted } from './drafted'
import { date, fill } from './i18n'
import sheet from './mirror.css'
import { sound } from './sound'
import type { Slice, Stage } from './stage'
import { copy as inEnglish } from './words/en'

/** A copy's list of its pages, as it is signed. */
interface List {
  site: string
  generated_at: string
  key: string
  pages: Record<string, { file: string; sha256: string }>
  signature: string
}

/** What an address turned out to be: the service, a copy made at a time, or one that this browser cannot check. */
interface Found {
  base: string
  listing: Listing
  at?: string
  unchecked?: string
}

/** The mirrors are tried if the service does not answer for this long, in milliseconds. */
const serviceSilence = 2_000

/** Who is silent for so long does not keep the next address from being asked. */
const silence = 1_000

/** For so long an answer is waited for, and so much of it is read: bytes of a list, of a page of a copy, of a comment. */
const patience = 20_000
const mostOfList = 16 << 20
const mostOfPage = 128 << 20
const mostOfComment = 64 << 10

/** The service's own address, and the newest list of a copy that was seen, by site: as long as the page is open. */
const homes = new Map<string, string>()
const newest = new Map<string, string>()

const sheets = 'M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1'

/** Returns the first comments from the service, or from a mirror if the service fails or is silent. */
export async function reach(stage: Stage, first: number, part: Slice, own: Promise<Listing>): Promise<Listing> {
  try {
    const soon = await Promise.race([own, new Promise<void>(done => setTimeout(done, serviceSilence))])
    if (soon?.comments) return soon
  } catch (cause) {
    if ((cause as Failure).code?.includes('.')) throw cause // the service refused
  }
  return find(stage, first, part, own)
}

/** Asks each address for the first comments; the one that answers first serves the visit. */
async function find(stage: Stage, first: number, part: Slice, own: Promise<Listing>): Promise<Listing> {
  const { host, config } = stage
  const { mirrors = '', key = '' } = host.dataset
  const home = homes.get(config.site) ?? config.base
  homes.set(config.site, home)
  const addresses = new Set([config.base, home, ...mirrors.split(/\s+/).filter(Boolean).map(folder)])
  // The service is waited for all the while; and its address may have a copy by now.
  const tries = [own.then(listing => checked({ base: config.base, listing }))]
  let found: Found | undefined
  let turn = Promise.resolve()
  for (const base of addresses) {
    const one = turn.then(() => {
      if (found) throw new Failure('unknown')
      const kinds = [copied(base, stage, key, addresses.size)]
      if (base !== config.base) kinds.push(service(base, stage, first, part))
      return Promise.any(kinds)
    })
    tries.push(one)
    const begun = turn
    turn = begun.then(
      () =>
        new Promise(next => {
          one.catch(() => next())
          setTimeout(next, silence)
        }),
    )
  }
  found = await Promise.any(tries).catch(() => {
    throw new Failure('network')
  })
  if (stage.gone.aborted) return found.listing
  if (!found.unchecked) {
    config.base = found.base
    host.dataset.host = found.base // for the next page in the place of this one
  }
  if (found.base !== home) {
    stage.mirrored = true
    stage.fetch = (limit, part) => listed(stage, limit, part, config.base)
  }
  if (!found.at && !found.unchecked) return found.listing
  show(stage, found, home)
  return stage.fetch(first, part)
}

const folder = (address: string) => new URL(address.replace(/\/?$/, '/'), document.baseURI).href

/** Throws where something answered that is no list of comments. */
function checked(found: Found): Found {
  if (!Array.isArray(found.listing?.comments) || !found.listing.page) throw new Failure('unknown')
  return found
}

async function service(base: string, stage: Stage, first: number, part: Slice): Promise<Found> {
  return { base, listing: await listed(stage, first, part, base) }
}

/** What an address that may be a stranger's says as the service: no more than the service may say. */
async function listed(stage: Stage, limit: number, part: Slice, base: string): Promise<Listing> {
  const { page, lang } = stage.config
  const query = new URLSearchParams({ page, sort: stage.config.sort, limit: `${limit}`, lang, ...part })
  return sound(parsed(await read(stage.api(`comments?${query}`, base), limit * mostOfComment)), limit)
}

/** Reads an answer, and lets go of one that is longer than may be or does not end. */
async function read(address: string, most: number): Promise<ArrayBuffer> {
  const { ok, body } = await fetch(address, {
    credentials: 'omit',
    cache: 'no-cache',
    signal: AbortSignal.timeout(patience),
  })
  const reader = body?.getReader()
  const pieces: Uint8Array<ArrayBuffer>[] = []
  for (let size = 0; ok && reader; ) {
    const { done, value } = await reader.read()
    if (done) return new Blob(pieces).arrayBuffer()
    size += value.length
    if (size > most) break
    pieces.push(value)
  }
  void reader?.cancel().catch(() => {}) // it is not waited for
  throw new Failure('unknown')
}

const parsed = (said: ArrayBuffer) => JSON.parse(new TextDecoder().decode(said))

async function copied(base: string, stage: Stage, key: string, others: number): Promise<Found> {
  const { site, page } = stage.config
  if (!key) throw new Failure('unknown') // nobody could say whose a copy is
  const list: List | null = parsed(await read(`${base}aitys.json`, mostOfList))
  const url = canonical(page)
  const entry = list?.pages?.[url]
  const at = list?.generated_at
  if (list?.site !== site || list.key !== key || typeof at !== 'string' || older(site, at)) throw new Failure('unknown')
  if (entry && !/^[\w-]+(\/[\w-]+)*\.json$/.test(entry.file)) throw new Failure('unknown')
  const listing: Listing = { page: { url, title: '', open: false, count: 0 }, settings: {}, comments: [], next: null }
  const verifier = await crypto.subtle
    ?.importKey('raw', bytes(key), 'Ed25519', false, ['verify'])
    .catch(() => undefined)
  if (!verifier) {
    await new Promise(late => setTimeout(late, others * silence)) // an address with the service itself is better
    return { base, listing, unchecked: base + (entry ? entry.file.replace(/json$/, 'html') : 'index.html') }
  }
  const { signature, ...said } = list
  const signed = new TextEncoder().encode(canon(said))
  if (!(await crypto.subtle.verify('Ed25519', verifier, bytes(signature), signed))) throw new Failure('unknown')
  keep(site, at)
  if (!entry) return { base, listing, at } // nobody had written on this page by then
  const file = await read(base + entry.file, mostOfPage)
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', file))
  if ([...sum].map(b => b.toString(16).padStart(2, '0')).join('') !== entry.sha256) throw new Failure('unknown')
  return checked({ base, at, listing: parsed(file) })
}

/** The form of a value that is signed (RFC 8785), which strings have by themselves. */
function canon(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canon)}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canon(member)}`)}}`
}

/** The bytes of a text in base64url. */
function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), c => c.charCodeAt(0))
}

/** Where this browser keeps the newest list that it saw: nowhere, before its reader has written on this site. */
const place = (site: string) => `aitys:${site}:copy`

function older(site: string, at: string): boolean {
  let kept: string | null = null
  try {
    kept = localStorage.getItem(place(site))
  } catch {} // a browser may keep nothing
  return [newest.get(site), kept].some(seen => seen && Date.parse(at) < Date.parse(seen)) || !Date.parse(at)
}

function keep(site: string, at: string) {
  newest.set(site, at)
  try {
    if (Object.keys(localStorage).some(name => name.startsWith(`aitys:${site}:`))) localStorage.setItem(place(site), at)
  } catch {}
}

/** Has the view show a copy: a well above the heading, all comments from memory, and nothing to press. */
function show(stage: Stage, { listing, at = '', unchecked }: Found, home: string) {
  const { config, section } = stage
  const day = new Date(at)
  const styles = new CSSStyleSheet()
  styles.replaceSync(sheet)
  stage.root.adoptedStyleSheets = [...stage.root.adoptedStyleSheets, styles]
  stage.copy = true
  stage.actions = () => undefined
  stage.fetch = async (limit, { after, around }) => {
    const all = ordered(listing.comments, stage.config.sort)
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
    const t = stage.spoken?.copy ?? inEnglish
    const plain = `${home}sites/${encodeURIComponent(config.site)}/page?${new URLSearchParams({ url: config.page })}`
    const living = el('a', { href: plain }, new URL(home).host)
    const note = (...said: (Node | string)[]) =>
      el(
        'div',
        { class: 'box copy', role: 'note' },
        icon(sheets),
        el('p', {}, ...said),
        drafted(stage) ? el('p', {}, t.kept) : null,
      )
    if (unchecked) {
      const link = el('a', { href: unchecked, rel: 'noopener' }, t.read)
      return section.replaceChildren(note(...put(t.unchecked, link)))
    }
    stage.use('rare', part => part.drawn(stage, home))
    section.querySelector('header ~ p.box')?.remove() // that this page is closed
    if (section.querySelector('[role=note]')) return
    const made = fill(t.of, { date: date(day, stage.t) })
    section.prepend(note(el('b', {}, made), ' ', ...put(t.why, living)))
  }
}

/** Comments in the order of their threads' roots. */
function ordered(all: Comment[], sort: string): Comment[] {
  const threads: Comment[][] = []
  for (const c of all) {
    if (!c.parent || !threads.length) threads.push([])
    threads.at(-1)?.push(c)
  }
  if (sort === 'newest') threads.reverse()
  if (sort === 'top') threads.sort((a, b) => (b[0]?.votes ?? 0) - (a[0]?.votes ?? 0))
  return threads.flat()
}
