package demo

import "github.com/aitys/aitys/moderation/comment"

var dayFour = []scripted{
	{to: "tom2", on: bakery, name: "Wendy Oduya", mail: "wendy@webmail.example", outcome: published,
		text: "Teachers have the ten minutes before the first bell. Somebody is always crying in the supply room and " +
			"somebody else is always making tea."},
	{id: "nightdesk", on: bakery, name: "Samir", mail: "samir@inbox.example", outcome: published,
		text: "I run the night desk of a hotel by the station. At five the street sweeper comes in for coffee, and " +
			"we do not talk, and it is the best conversation of the day."},
	{on: bakery, name: "Followers", mail: "grow@poshta.example", outcome: spam,
		text: "Buy real followers and likes cheap! 1000 followers only $5, instant delivery, " +
			"100% safe https://likes-now.example"},
	{on: bakery, name: "Dr. Slim", mail: "slim@box.example", outcome: spam,
		text: "I lost 30 pounds in 3 weeks with these pills! Doctors hate it. Order now with " +
			"50% discount https://slim-pills.example"},
	{on: bakery, name: "truth", outcome: refused(hate, ""),
		text: "Newcomers from the valley are filth, they breed like rats and ruin everything. Throw them all out."},
	{id: "denis2", to: "denis", on: library, staff: true,
		text: "Киоск отдельно стоящий, поэтому обошлось огнетушителем и журналом. С подъездом и правда сложнее: " +
			"попробуйте договориться с домоуправлением о колясочной."},
	{on: library, name: "Катя", mail: "katya@mail.example", outcome: published,
		edited: "Мой сын — один из тех семиклассников. До сих пор уверен, что телефонный справочник — это роман с " +
			"очень большим количеством героев.",
		text: "Мой сын — один из тех семиклассников. До сих пор уверен что телефонный справочник это роман"},
	{on: library, name: "Подписчики", mail: "top@post.example", outcome: spam,
		text: "Накрутка подписчиков и лайков дёшево и быстро, гарантия! Заказать: https://nakrutka-top.example"},
	{on: library, name: "гость", outcome: refused(obscene, "Без ругани, пожалуйста."),
		text: "Какого хрена, достали уже со своей дерьмовой библиотекой, идите в жопу."},
	{to: "nurlan2", on: orchard, name: "Бақыт", mail: "baqyt@letters.example", outcome: published,
		text: "Біз де қосылайық, бірге алсақ арзанға түседі. Көрші көшеде тағы үш үй сұрап жүр."},
	{on: orchard, name: "Жанна", mail: "zhanna@home.example", outcome: published,
		text: "Алма қағын қалай жасайсыздар? Күнге кептіресіздер ме, әлде пешке ме?"},
	{on: orchard, name: "Табыс", mail: "tabys@pochta.example", outcome: spam,
		text: "Үйде отырып күніне 50 000 теңге табыңыз! Тәжірибесіз, тіркелу тегін: https://tez-aqsha.example"},
}

var dayFive = []scripted{
	{on: bakery, name: "Ola", mail: "ola@freemail.example", outcome: published,
		text: "My son is in that school and talks about nothing but “the warm ones”. I had no " +
			"idea somebody counted them in the dark."},
	{on: bakery, name: "Marcus Bell", mail: "marcus@webmail.example", website: "https://marcus-bakes.example",
		outcome: published, undone: true,
		text: "There is a good explanation of what the long cold rise does to the flavour here: " +
			"https://bread-notes.example/slow-rise — the chapter on rye is the best part."},
	{on: bakery, name: "Crypto Mike", mail: "mike@inbox.example", outcome: spam,
		text: "I made $9000 in one week trading crypto with this bot, guaranteed profit! Join " +
			"now https://coin-profit.example"},
	{on: bakery, name: "angry", outcome: refused(obscene, ""),
		text: "Bloody hell, who gives a shit? This is complete crap and the comments are full of crap too."},
	{on: bakery, name: "Gary", mail: "gary@poshta.example",
		outcome: refused(attack, "Second time, Gary. The next one may be about the bread."),
		text:    "Tom Hale is an idiot and a liar, and his father was a stupid old fool as well."},
	{on: bakery, name: "Parish council", outcome: refused(comment.ReasonOffTopic, "Please use the notice page for this."),
		text: "Reminder: the hedges along Station Road must be cut before the first of the month. Bring gloves."},
	{on: library, name: "Рустам", mail: "rustam@poshta.example", outcome: published,
		text: "Одиннадцать ключей — это и есть библиотека. Зал можно построить потом."},
	{on: library, name: "Людмила", mail: "lyuda@box.example", outcome: published,
		text: "У нас в посёлке так же спасали музыкальную школу: инструменты три года жили по квартирам, а на " +
			"концерт собирались во дворе."},
	{on: library, name: "Похудей", mail: "slim@mail.example", outcome: spam,
		text: "Похудела на 12 кг за месяц без диет! Секрет здесь, скидка 50% только сегодня: " +
			"https://stroynaya.example"},
	{on: library, name: "местный", outcome: refused(hate, "О группах людей так не пишем."),
		text: "Всё из-за приезжих, они все воры и твари, гнать их всех из посёлка."},
	{on: orchard, name: "Сәуле апай", mail: "saule@post.example", outcome: published,
		text: "Дәптер әлі бар, айналайын. Бірінші беті 1993 жылдың маусымынан басталады, кел, көрсетейін."},
	{on: orchard, name: "қонақ", outcome: refused(hate, "Адамдар туралы бұлай жазбаймыз."),
		text: "Бәріне көшіп келгендер кінәлі, олардың бәрі ұры, ауылдан қуу керек."},
	{on: orchard, name: "Дәурен", mail: "dauren@letters.example", outcome: published,
		text: "Атаңыздың сөзін есте сақтаймын: алдымен он минут қарап тұру керек. Бағбанға " +
			"ғана емес, бәрімізге айтылған сөз."},
}

var daySix = []scripted{
	{to: "nightdesk", on: bakery, name: "Ruth", mail: "ruth@home.example", outcome: published,
		text: "I clean that street on Thursdays. The coffee is terrible and I would not miss it for anything."},
	{on: bakery, name: "", outcome: published,
		text: "The tram depot. At half past three forty trams wake up at once, and the pigeons " +
			"leave, and then they come back."},
	{on: bakery, name: "Watches", mail: "shop@pochta.example", outcome: spam,
		text: "Luxury watches 90% off! Best replica, free shipping, order today only https://watch-sale.example"},
	{on: bakery, name: "Home Job", mail: "job@freemail.example", outcome: spam,
		text: "Work from home and earn $500 a day, no experience needed. Click here to start " +
			"now https://easy-job.example"},
	{on: bakery, name: "Len", mail: "len@webmail.example",
		outcome: refused(comment.ReasonUnlawful, "We cannot publish somebody's address."),
		text: "For those who want to ask him about the rent themselves: the landlord lives at 14 Quarry Lane, second " +
			"floor, and is alone in the evenings."},
	{on: bakery, name: "test", outcome: refused(comment.ReasonOther, ""),
		text: "test test test please ignore"},
	{on: library, name: "Тимур", mail: "timur@inbox.example", outcome: published,
		text: "Передал бы вам коробку детских книг, стоят без дела с тех пор, как дочь выросла. Куда привезти?"},
	{on: library, name: "Реклама", mail: "baza@poshta.example", outcome: spam,
		text: "Рассылка рекламы по вашему городу, база клиентов дёшево, заказать здесь: https://baza-klientov.example"},
	{on: library, name: "злой", outcome: refused(obscene, ""),
		text: "Да пошли вы в жопу со своими книгами, дерьмо полное."},
	{on: library, name: "Сергей", mail: "sergey@freemail.example", outcome: refused(attack, ""),
		text: "Вера Андреевна ваша старая дура, и автор не лучше."},
	{on: orchard, name: "Мәдина", mail: "madina@box.example", outcome: published,
		text: "Балаларыма оқып бердім, енді олар да ағаш отырғызғысы келеді. Көктемге дейін шыдай алмай жүр."},
	{on: orchard, name: "Қанат", mail: "qanat@mail.example", outcome: published,
		text: "Апорттың иісі әлі мұрнымда тұр. Қазір базардан ондай алманы таппайсың."},
	{on: orchard, name: "Казино", mail: "bonus@post.example", outcome: spam,
		text: "Ең үздік онлайн казино! Тіркелгенге 100 000 теңге бонус, ойна да ұт: https://altyn-kazino.example"},
}
