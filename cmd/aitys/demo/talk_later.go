package demo

import "github.com/aitys/aitys/moderation/comment"

var dayFour = []said{
	{to: "tom2", on: bakery, name: "Wendy Oduya", mail: "wendy@mail.example", fate: published,
		text: "Teachers have the ten minutes before the first bell. Somebody is always crying in the supply room and " +
			"somebody else is always making tea."},
	{id: "nightdesk", on: bakery, name: "Samir", mail: "samir@mail.example", fate: published,
		text: "I run the night desk of a hotel by the station. At five the street sweeper comes in for coffee, and " +
			"we do not talk, and it is the best conversation of the day."},
	{on: bakery, name: "Followers", mail: "grow@likes.example", fate: spam,
		text: "Buy real followers and likes cheap! 1000 followers only $5, instant delivery, " +
			"100% safe https://likes-now.example"},
	{on: bakery, name: "Dr. Slim", mail: "slim@pills.example", fate: spam,
		text: "I lost 30 pounds in 3 weeks with these pills! Doctors hate it. Order now with " +
			"50% discount https://slim-pills.example"},
	{on: bakery, name: "truth", fate: refused(hate, ""),
		text: "Newcomers from the valley are filth, they breed like rats and ruin everything. Throw them all out."},
	{id: "denis2", to: "denis", on: library, staff: true,
		text: "Киоск отдельно стоящий, поэтому обошлось огнетушителем и журналом. С подъездом и правда сложнее: " +
			"попробуйте договориться с домоуправлением о колясочной."},
	{on: library, name: "Катя", mail: "katya@pochta.example", fate: published,
		edited: "Мой сын — один из тех семиклассников. До сих пор уверен, что телефонный справочник — это роман с " +
			"очень большим количеством героев.",
		text: "Мой сын — один из тех семиклассников. До сих пор уверен что телефонный справочник это роман"},
	{on: library, name: "Подписчики", mail: "top@nakrutka.example", fate: spam,
		text: "Накрутка подписчиков и лайков дёшево и быстро, гарантия! Заказать: https://nakrutka-top.example"},
	{on: library, name: "гость", fate: refused(obscene, "Без ругани, пожалуйста."),
		text: "Какого хрена, достали уже со своей дерьмовой библиотекой, идите в жопу."},
	{to: "nurlan2", on: orchard, name: "Бақыт", mail: "baqyt@poshta.example", fate: published,
		text: "Біз де қосылайық, бірге алсақ арзанға түседі. Көрші көшеде тағы үш үй сұрап жүр."},
	{on: orchard, name: "Жанна", mail: "zhanna@poshta.example", fate: published,
		text: "Алма қағын қалай жасайсыздар? Күнге кептіресіздер ме, әлде пешке ме?"},
	{on: orchard, name: "Табыс", mail: "tabys@aqsha.example", fate: spam,
		text: "Үйде отырып күніне 50 000 теңге табыңыз! Тәжірибесіз, тіркелу тегін: https://tez-aqsha.example"},
}

var dayFive = []said{
	{on: bakery, name: "Ola", mail: "ola@mail.example", fate: published,
		text: "My son is in that school and talks about nothing but “the warm ones”. I had no " +
			"idea somebody counted them in the dark."},
	{on: bakery, name: "Marcus Bell", mail: "marcus@mail.example", website: "https://marcus-bakes.example",
		fate: published, undone: true,
		text: "There is a good explanation of what the long cold rise does to the flavour here: " +
			"https://bread-notes.example/slow-rise — the chapter on rye is the best part."},
	{on: bakery, name: "Crypto Mike", mail: "mike@coins.example", fate: spam,
		text: "I made $9000 in one week trading crypto with this bot, guaranteed profit! Join " +
			"now https://coin-profit.example"},
	{on: bakery, name: "angry", fate: refused(obscene, ""),
		text: "Bloody hell, who gives a shit? This is complete crap and the comments are full of crap too."},
	{on: bakery, name: "Gary", mail: "gary@mail.example",
		fate: refused(attack, "Second time, Gary. The next one may be about the bread."),
		text: "Tom Hale is an idiot and a liar, and his father was a stupid old fool as well."},
	{on: bakery, name: "Parish council", fate: refused(comment.ReasonOffTopic, "Please use the notice page for this."),
		text: "Reminder: the hedges along Station Road must be cut before the first of the month. Bring gloves."},
	{on: library, name: "Рустам", mail: "rustam@pochta.example", fate: published,
		text: "Одиннадцать ключей — это и есть библиотека. Зал можно построить потом."},
	{on: library, name: "Людмила", mail: "lyuda@pochta.example", fate: published,
		text: "У нас в посёлке так же спасали музыкальную школу: инструменты три года жили по квартирам, а на " +
			"концерт собирались во дворе."},
	{on: library, name: "Похудей", mail: "slim@stroynaya.example", fate: spam,
		text: "Похудела на 12 кг за месяц без диет! Секрет здесь, скидка 50% только сегодня: " +
			"https://stroynaya.example"},
	{on: library, name: "местный", fate: refused(hate, "О группах людей так не пишем."),
		text: "Всё из-за приезжих, они все воры и твари, гнать их всех из посёлка."},
	{on: orchard, name: "Сәуле апай", mail: "saule@poshta.example", fate: published,
		text: "Дәптер әлі бар, айналайын. Бірінші беті 1993 жылдың маусымынан басталады, кел, көрсетейін."},
	{on: orchard, name: "қонақ", fate: refused(hate, "Адамдар туралы бұлай жазбаймыз."),
		text: "Бәріне көшіп келгендер кінәлі, олардың бәрі ұры, ауылдан қуу керек."},
	{on: orchard, name: "Дәурен", mail: "dauren@poshta.example", fate: published,
		text: "Атаңыздың сөзін есте сақтаймын: алдымен он минут қарап тұру керек. Бағбанға " +
			"ғана емес, бәрімізге айтылған сөз."},
}

var daySix = []said{
	{to: "nightdesk", on: bakery, name: "Ruth", mail: "ruth@mail.example", fate: published,
		text: "I clean that street on Thursdays. The coffee is terrible and I would not miss it for anything."},
	{on: bakery, name: "", fate: published,
		text: "The tram depot. At half past three forty trams wake up at once, and the pigeons " +
			"leave, and then they come back."},
	{on: bakery, name: "Watches", mail: "shop@replica.example", fate: spam,
		text: "Luxury watches 90% off! Best replica, free shipping, order today only https://watch-sale.example"},
	{on: bakery, name: "Home Job", mail: "job@easy.example", fate: spam,
		text: "Work from home and earn $500 a day, no experience needed. Click here to start " +
			"now https://easy-job.example"},
	{on: bakery, name: "Len", mail: "len@mail.example",
		fate: refused(comment.ReasonUnlawful, "We cannot publish somebody's address."),
		text: "For those who want to ask him about the rent themselves: the landlord lives at 14 Quarry Lane, second " +
			"floor, and is alone in the evenings."},
	{on: bakery, name: "test", fate: refused(comment.ReasonOther, ""),
		text: "test test test please ignore"},
	{on: library, name: "Тимур", mail: "timur@pochta.example", fate: published,
		text: "Передал бы вам коробку детских книг, стоят без дела с тех пор, как дочь выросла. Куда привезти?"},
	{on: library, name: "Реклама", mail: "baza@klient.example", fate: spam,
		text: "Рассылка рекламы по вашему городу, база клиентов дёшево, заказать здесь: https://baza-klientov.example"},
	{on: library, name: "злой", fate: refused(obscene, ""),
		text: "Да пошли вы в жопу со своими книгами, дерьмо полное."},
	{on: library, name: "Сергей", mail: "sergey@pochta.example", fate: refused(attack, ""),
		text: "Вера Андреевна ваша старая дура, и автор не лучше."},
	{on: orchard, name: "Мәдина", mail: "madina@poshta.example", fate: published,
		text: "Балаларыма оқып бердім, енді олар да ағаш отырғызғысы келеді. Көктемге дейін шыдай алмай жүр."},
	{on: orchard, name: "Қанат", mail: "qanat@poshta.example", fate: published,
		text: "Апорттың иісі әлі мұрнымда тұр. Қазір базардан ондай алманы таппайсың."},
	{on: orchard, name: "Казино", mail: "bonus@kazino2.example", fate: spam,
		text: "Ең үздік онлайн казино! Тіркелгенге 100 000 теңге бонус, ойна да ұт: https://altyn-kazino.example"},
}
