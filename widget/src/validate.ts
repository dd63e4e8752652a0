/** Validates the types in a mirror's answer, so that drawing it cannot fail or run its content. */

import { type Comment, Failure, type Listing } from './client'
import { safe } from './markup'

/** A listing may have this many comments, and this many tags, per requested comment. */
const maxPerRequested = 4
const maxTags = 4_000

type Check = (value: unknown) => boolean

const text: Check = value => typeof value === 'string'
const number: Check = value => Number.isFinite(value)
const bool: Check = value => typeof value === 'boolean'
const id: Check = value => typeof value === 'string' && /^[\w-]{1,64}$/.test(value)
const time: Check = value => typeof value === 'string' && !Number.isNaN(Date.parse(value))
const optional =
  (check: Check): Check =>
  value =>
    value == null || check(value)
const object = (checks: Record<string, Check>): Check => {
  const all = Object.entries(checks)
  return value =>
    value instanceof Object && all.every(([name, check]) => check((value as Record<string, unknown>)[name]))
}

const isPage = object({ url: text, title: text, open: bool, count: number })

const isSettings = object({
  rules: optional(text),
  signin_url: optional(value => !value || (typeof value === 'string' && !!safe(value))),
  max_length: optional(number),
  votes: optional(bool),
  who: optional(text),
  mail: optional(bool),
  providers: optional(value => Array.isArray(value) && value.every(text)),
  usually: optional(text),
})

const isComment = object({
  id,
  version: number,
  parent: optional(id),
  state: text,
  author: optional(object({ name: optional(text), badge: optional(text), url: optional(text) })),
  html: optional(text),
  lang: optional(text),
  created_at: time,
  edited_at: optional(time),
  redacted_at: optional(time),
  votes: optional(number),
  withheld: optional(object({ by: optional(text), kind: text, law: text, at: time })),
})

/** Returns a listing of a request for limit comments. Throws if the service would not send this answer. */
export function validListing(answer: unknown, limit: number): Listing {
  const { page, settings, comments, next } = Object(answer) as Listing
  const tags = (all: Comment[]) => all.reduce((n, { html }) => n + (html?.split('<').length ?? 0), 0)
  if (
    !isPage(page) ||
    !isSettings(settings) ||
    !optional(text)(next) ||
    !Array.isArray(comments) ||
    comments.length > maxPerRequested * limit ||
    !comments.every(isComment) ||
    tags(comments) > maxTags * limit
  )
    throw new Failure('unknown')
  return { page, settings, comments, next }
}
