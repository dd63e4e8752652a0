/** Kazakh: its words, and its dates, which not every browser knows. */

import { fill, type Words } from './i18n'
import { date, reading as words } from './words/kk'

export * from './words/kk' // but for reading

const months = date.months.split(' ')

export const reading: Words = {
  ...words,
  date(of, length) {
    const [day, month] = [`${of.getDate()}`, months[of.getMonth()] ?? '']
    if (length === 'day') return `${day} ${month}`
    const whole = fill(date.year, { day, month, year: `${of.getFullYear()}` })
    return length === 'year'
      ? whole
      : `${whole}, ${of.toLocaleTimeString('ru', { hour: '2-digit', minute: '2-digit' })}`
  },
}
