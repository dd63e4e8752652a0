/**
 * Formats sentences, numbers and dates. widget/build generates the sentences from internal/i18n. English sentences are
 * bundled with the part that uses them; each other language is one file, fetched on demand. A plural has its forms
 * separated by `|`: one, few, many and other, or fewer.
 */

import type {
  around,
  copy,
  form,
  help,
  live,
  prove,
  reading,
  report,
  steps,
  told,
  vote,
  who,
  withheld,
} from './words/en'

export type Words = typeof reading

export type FormWords = typeof form

export type AroundWords = typeof around

export type CopyWords = typeof copy

export type HelpWords = typeof help

export type LiveWords = typeof live

export type ProveWords = typeof prove

export type ReportWords = typeof report

export type StepsWords = typeof steps

export type ToldWords = typeof told

export type VoteWords = typeof vote

export type WhoWords = typeof who

export type WithheldWords = typeof withheld

export type Reason = keyof FormWords['reasons']

/** Fills the `{name}` placeholders of a sentence. */
export function fill(sentence: string, values: Record<string, string>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
}

/**
 * Returns the plural form for n, filled in, by the CLDR rules of our languages. Of two forms the first is for one;
 * Kazakh has one form. Creating an Intl.PluralRules takes longer than drawing five comments.
 */
export function plural(forms: string, n: number, t: Words): string {
  const [one = '', few = one, many] = forms.split('|')
  const ones = n % 10
  const form = many && ((n - ones) % 100 === 10 || !ones || ones > 4) ? many : (many ? ones : n) === 1 ? one : few
  return form.replace('{n}', number(n, t))
}

/** Groups digits like i18n.Number in Go. Creating the first Intl.NumberFormat takes longer than drawing 25 comments. */
export function number(n: number, { lang }: Words): string {
  return `${n}`.replace(/\B(?=(\d{3})+$)/g, lang === 'en' ? ',' : '\u202f')
}

/** Returns a relative time such as "2 hours ago" or "yesterday", or the date after 30 days. */
export function ago(then: Date, t: Words): string {
  const now = new Date()
  const minutes = Math.floor((+now - +then) / 60_000)
  if (minutes < 1) return t.now
  if (minutes < 60) return plural(t.minutes, minutes, t)
  if (minutes < 24 * 60) return plural(t.hours, Math.floor(minutes / 60), t)
  const days = Math.round((midnight(now) - midnight(then)) / 86_400_000)
  if (days < 30) return days > 1 ? plural(t.days, days, t) : t.yesterday
  return date(then, t, then.getFullYear() === now.getFullYear() ? '{day} {month}' : undefined)
}

/** Formats a date. Browsers may lack Kazakh dates, and creating the first Intl.DateTimeFormat is slow. */
export function date(of: Date, { date }: Words, as = date.year): string {
  const month = date.months.split(' ')[of.getMonth()] ?? ''
  return as.replace('{day}', `${of.getDate()}`).replace('{month}', month).replace('{year}', `${of.getFullYear()}`)
}

function midnight(of: Date): number {
  return new Date(of).setHours(0, 0, 0, 0)
}
