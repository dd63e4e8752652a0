package demo

// today has the comments that are pending when the demo starts.
var today = []scripted{
	{on: bakery, name: "Elsie", mail: "elsie@letters.example", outcome: pending,
		text: "The fishing boats, for us. You hear the engines at three, one after the other, and you can tell by " +
			"the order whose boat needs work."},
	{on: library, name: "Аркадий", mail: "arkady@home.example", outcome: pending,
		text: "Хочу повторить у себя. С чего посоветуете начать: с помещения или со списка " +
			"тех, кто готов держать ключ?"},
	{on: bakery, name: "James", mail: "james@pochta.example", outcome: pending,
		text: campaign + "https://oven-sale.example/?ref=17"},
	{on: orchard, name: "Аружан", mail: "aruzhan@freemail.example", outcome: pending,
		text: "Суретін де салсаңыз жақсы болар еді, бақты көргіміз келеді. Күзгі түсі ерекше шығар."},
	{on: bakery, name: "Linda W", mail: "linda@webmail.example", outcome: pending,
		text: campaign + "https://oven-sale.example/?ref=23"},
	{on: bakery, name: "Royal Spins", mail: "vip@inbox.example", website: "https://royal-spins.example", outcome: pending,
		text: "Online casino bonus! Win big with instant payout, 500% on your first deposit. Click here and play now " +
			"https://royal-spins.example/vip"},
	{on: library, name: "Лёгкий заработок", mail: "job@poshta.example", outcome: pending,
		text: "Заработок на дому без вложений, деньги на карту в день! Бонус на первый депозит, пишите сейчас: " +
			"https://legkie-dengi.example/start"},
	{on: library, name: "Robert", mail: "rob@box.example", outcome: pending,
		text: campaign + "https://oven-sale.example/?ref=31"},
	{on: bakery, name: "Gary", mail: "gary@poshta.example", outcome: pending,
		text: "What a stupid idiot. Tom Hale is a liar and the author is a lazy fool, and " +
			"nobody gets up at four for bread."},
	{on: orchard, name: "Несие тез", mail: "tez@mail.example", outcome: pending,
		text: "Несие 5 минутта, анықтамасыз! Алғашқы салымға бонус, қазір тіркелу тегін: " +
			"https://nesie-tez.example/bonus"},
	{on: bakery, name: "Priya", mail: "priya@post.example", outcome: pending,
		text: "> I am mostly somebody who leaves things alone\n\nThis is the best description of parenting I have " +
			"read, and it was about dough.\n\n* wait\n* keep it warm\n* do not open the door"},
	{on: orchard, name: "Barbara", mail: "barb@letters.example", outcome: pending,
		text: campaign + "https://oven-sale.example/?ref=44"},
	{to: "vera2", on: library, name: "Соня", mail: "sonya@home.example", outcome: pending,
		text: "А кота как зовут? Предлагаю записать его в каталог первым."},
	{on: bakery, name: "form filler", mail: "bot@pochta.example", trap: true, outcome: pending,
		text: "Very nice post, I really enjoy reading it, thank you for sharing this useful information with us."},
	{on: bakery, name: "Ken", mail: "ken@freemail.example", times: 3, outcome: pending,
		text: "Is the bakery open on Sundays? My comment does not show, so I am sending it again."},
	{to: "nurlan2", on: orchard, name: "Асқар", mail: "asqar@webmail.example", outcome: pending,
		text: "Мені де тізімге қосыңыздаршы, жиырма бес ағашым бар. Қашан жиналамыз?"},
	{on: library, name: "Dorothy", mail: "dot@inbox.example", outcome: pending,
		text: campaign + "https://oven-sale.example/?ref=58"},
	{on: bakery, name: "Yusuf", mail: "yusuf@poshta.example", outcome: pending,
		text: "Before I am awake: the bees, my wife says. Before she is awake: me, feeding the " +
			"bees. We have never settled it."},
	{on: library, name: "Инна", mail: "inna@box.example", outcome: pending,
		text: "Мы с мужем проезжаем мимо этого киоска каждую неделю и думали, что там продают " +
			"билеты. Завтра остановимся."},
	{on: orchard, name: "Жанна", mail: "zhanna@home.example", outcome: pending,
		text: "Пешке салып көрдім, тым қатты болып кетті. Күнге кептірген дұрыс екен ғой?"},
}

// campaign is the text that five spammers send within a day, each with another number.
const campaign = "Wonderful article, it reminded me of my grandmother's kitchen. I bought my new stone oven from " +
	"this family shop and the crust is like hers, they have twenty percent off this week only: "
