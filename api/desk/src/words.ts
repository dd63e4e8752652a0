/** What the page says in its language; the server renders it into the page. */
export type Message = string | Partial<Record<Intl.LDMLPluralRule | '=1', string>>

const root = document.documentElement
const messages = JSON.parse(document.body.dataset.words ?? '{}') as Record<string, Message>
const rules = new Intl.PluralRules(root.lang)
const numbers = new Intl.NumberFormat(root.lang === 'en' ? 'en' : 'ru') // Kazakh writes numbers as Russian does

/** Says a sentence, one of the script's own or another by its whole key; values stand in it in braces, and n chooses the form. */
export function say(key: string, values: Record<string, string | number> = {}): string {
  const message = messages[`js.${key}`] ?? messages[key]
  if (message === undefined) return key
  const n = Number(values.n ?? 0)
  const text =
    typeof message === 'string'
      ? message
      : (n === 1 && message['=1']) || message[rules.select(n)] || message.other || ''
  return text.replace(/\{(\w+)\}/g, (slot, name: string) => write(values[name] ?? slot))
}

/** Writes a value; a number as the server does, with a narrow space in it. */
export function write(value: string | number): string {
  return typeof value === 'number' ? numbers.format(value).replaceAll('\u00a0', '\u202f') : value
}
