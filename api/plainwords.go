package api

import (
	"fmt"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/comment"
)

// words is the plain page in one language.
type words struct {
	Lang                                             string
	Back, FromStart, MoreLabel, Removed              string
	Write, Reply, Comment, Name, Email               string
	Optional, Hidden, Post, Authors, Closed          string
	Waiting, Refused, Withdraw, Again, NotSent, Anon string

	months   []string
	headings func(n int) string // takes the number of comments; %s stands for the title
	untitled string
	reasons  map[comment.Reason]string
	badges   map[string]string
	problems map[string]string // by code; another is told in English
}

// pageLang is the language asked for, else the first of the browser's that there is.
func pageLang(c echo.Context) *words {
	asked := c.QueryParam("lang") + "," + c.Request().Header.Get("Accept-Language")
	if len(asked) > 200 {
		asked = asked[:200]
	}
	for part := range strings.SplitSeq(strings.ToLower(asked), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		tag, _, _ = strings.Cut(tag, "-")
		for _, w := range languages {
			if w.Lang == tag {
				return w
			}
		}
	}
	return languages[0]
}

func (w *words) name(name string) string {
	if name == "" {
		return w.Anon
	}
	return name
}

func (w *words) time(t time.Time) string {
	t = t.UTC()
	return fmt.Sprintf("%d %s %d, %02d:%02d UTC", t.Day(), w.months[t.Month()-1], t.Year(), t.Hour(), t.Minute())
}

func (w *words) heading(n int, title string) string {
	if title == "" {
		title = w.untitled
	}
	return strings.Replace(w.headings(n), "%s", title, 1)
}

func (w *words) refused(r comment.Reason) string {
	if r == comment.NoReason {
		r = comment.ReasonOther
	}
	return w.Refused + " " + w.reasons[r]
}

// problem says what happened, and that the text is safe.
func (w *words) problem(p web.Problem) string {
	if said, ok := w.problems[p.Code]; ok {
		return w.NotSent + " " + said
	}
	return w.NotSent + " " + p.Detail
}

var languages = []*words{english, russian, kazakh}

var english = &words{
	Lang: "en", Back: "Back to the article", FromStart: "From the beginning", MoreLabel: "More comments",
	Removed: "This comment was removed.", Write: "Write a comment", Reply: "Reply",
	Comment: "Comment", Name: "Name", Email: "E-mail", Optional: "Optional.", Hidden: "Optional, never shown.",
	Post: "Post comment", Authors: "Authors, please log in", Closed: "Comments are closed.",
	Waiting: "Your comment is waiting for a moderator.", Refused: "Not published:", Withdraw: "Withdraw",
	Again:   "You have sent this comment before. It was not added a second time.",
	NotSent: "Not sent. Your text is safe.", Anon: "Anonymous",
	months: strings.Fields("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
	headings: func(n int) string {
		switch n {
		case 0:
			return "No comments yet on “%s”"
		case 1:
			return "1 comment on “%s”"
		}
		return fmt.Sprint(n) + " comments on “%s”"
	},
	untitled: "this article",
	reasons: map[comment.Reason]string{
		comment.ReasonSpam: "spam", comment.ReasonDuplicate: "duplicate", comment.ReasonHateSpeech: "hate speech",
		comment.ReasonObscenity: "obscenity", comment.ReasonPersonalAttack: "personal attack",
		comment.ReasonOffTopic: "off topic", comment.ReasonUnlawful: "unlawful", comment.ReasonOther: "other",
	},
	badges: map[string]string{"author": "Author", "moderator": "Moderator", "owner": "Owner"},
}

var russian = &words{
	Lang: "ru", Back: "Вернуться к статье", FromStart: "С начала", MoreLabel: "Ещё комментарии",
	Removed: "Этот комментарий удалён.", Write: "Написать комментарий", Reply: "Ответить",
	Comment: "Комментарий", Name: "Имя", Email: "E-mail", Optional: "Необязательно.", Hidden: "Необязательно, никому не видно.",
	Post: "Отправить комментарий", Authors: "Авторы, пожалуйста, войдите", Closed: "Комментарии закрыты.",
	Waiting: "Комментарий ждёт модератора.", Refused: "Не опубликован:", Withdraw: "Отозвать",
	Again:   "Вы уже отправляли этот комментарий. Второй раз он не добавлен.",
	NotSent: "Не отправлено. Текст сохранён.", Anon: "Аноним",
	months: strings.Fields("янв фев мар апр мая июн июл авг сен окт ноя дек"),
	headings: func(n int) string {
		switch {
		case n == 0:
			return "Комментариев пока нет: «%s»"
		case n%10 == 1 && n%100 != 11:
			return fmt.Sprint(n) + " комментарий к статье «%s»"
		case n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14):
			return fmt.Sprint(n) + " комментария к статье «%s»"
		}
		return fmt.Sprint(n) + " комментариев к статье «%s»"
	},
	untitled: "без названия",
	reasons: map[comment.Reason]string{
		comment.ReasonSpam: "спам", comment.ReasonDuplicate: "повтор", comment.ReasonHateSpeech: "язык вражды",
		comment.ReasonObscenity: "непристойность", comment.ReasonPersonalAttack: "личные нападки",
		comment.ReasonOffTopic: "не по теме", comment.ReasonUnlawful: "нарушает закон", comment.ReasonOther: "другое",
	},
	badges: map[string]string{"author": "Автор", "moderator": "Модератор", "owner": "Владелец"},
	problems: map[string]string{
		"comment.empty": "Напишите что-нибудь.", "comment.too_long": "В комментарии может быть 10 000 знаков.",
		"page.closed": "Комментарии закрыты.", "parent.unknown": "Комментария, на который вы отвечаете, больше нет.",
		"rate.limited": "Слишком часто. Подождите немного и отправьте снова.",
		"page.foreign": "Эта страница не принадлежит сайту.", "field.invalid": "Проверьте имя и адрес почты.",
		"busy": "Сервис занят. Отправьте снова.",
	},
}

var kazakh = &words{
	Lang: "kk", Back: "Мақалаға оралу", FromStart: "Басынан бастап", MoreLabel: "Тағы пікірлер",
	Removed: "Бұл пікір жойылған.", Write: "Пікір жазу", Reply: "Жауап беру",
	Comment: "Пікір", Name: "Есім", Email: "E-mail", Optional: "Міндетті емес.", Hidden: "Міндетті емес, ешкімге көрсетілмейді.",
	Post: "Пікірді жіберу", Authors: "Авторлар, жүйеге кіріңіз", Closed: "Пікір жазу жабылған.",
	Waiting: "Пікіріңіз модераторды күтіп тұр.", Refused: "Жарияланбады:", Withdraw: "Қайтарып алу",
	Again:   "Бұл пікірді бұрын жібергенсіз. Ол екінші рет қосылған жоқ.",
	NotSent: "Жіберілмеді. Мәтініңіз сақталды.", Anon: "Аноним",
	months: strings.Fields("қаң ақп нау сәу мам мау шіл там қыр қаз қар жел"),
	headings: func(n int) string {
		if n == 0 {
			return "«%s»: әзірге пікір жоқ"
		}
		return "«%s»: " + fmt.Sprint(n) + " пікір"
	},
	untitled: "атаусыз мақала",
	reasons: map[comment.Reason]string{
		comment.ReasonSpam: "спам", comment.ReasonDuplicate: "қайталау", comment.ReasonHateSpeech: "өшпенділік тілі",
		comment.ReasonObscenity: "әдепсіздік", comment.ReasonPersonalAttack: "жеке басқа тиісу",
		comment.ReasonOffTopic: "тақырыптан тыс", comment.ReasonUnlawful: "заңға қайшы", comment.ReasonOther: "басқа",
	},
	badges: map[string]string{"author": "Автор", "moderator": "Модератор", "owner": "Иесі"},
	problems: map[string]string{
		"comment.empty": "Бірдеңе жазыңыз.", "comment.too_long": "Пікірде 10 000 таңба болуы мүмкін.",
		"page.closed": "Пікір жазу жабылған.", "parent.unknown": "Сіз жауап беріп отырған пікір енді жоқ.",
		"rate.limited": "Тым жиі. Сәл күтіп, қайта жіберіңіз.",
		"page.foreign": "Бұл бет сайтқа тиесілі емес.", "field.invalid": "Есім мен пошта мекенжайын тексеріңіз.",
		"busy": "Сервис бос емес. Қайта жіберіңіз.",
	},
}
