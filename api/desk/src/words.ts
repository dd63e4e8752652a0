/** Messages in the page's language. The server renders them into the page. */
export type Message = string | Partial<Record<Intl.LDMLPluralRule | '=1', string>>

const root = document.documentElement
const messages = JSON.parse(document.body.dataset.words ?? '{}') as Record<string, Message>
const rules = new Intl.PluralRules(root.lang)
const numbers = new Intl.NumberFormat(root.lang === 'en' ? 'en' : 'ru') // Kazakh uses the Russian number format

/** Returns the message js.key, or key. It replaces {name} with values. n selects the plural form. */
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

/** Formats a value. Numbers are formatted as on the server, with narrow spaces. */
export function write(value: string | number): string {
  return typeof value === 'number' ? numbers.format(value).replaceAll('\u00a0', '\u202f') : value
}
