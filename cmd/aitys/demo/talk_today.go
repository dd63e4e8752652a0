package demo

// today is what waits when the demo opens: nobody has read it yet.
var today = []said{
	{on: bakery, name: "Elsie", mail: "elsie@mail.example", fate: waiting,
		text: "The fishing boats, for us. You hear the engines at three, one after the other, and you can tell by " +
			"the order whose boat needs work."},
	{on: library, name: "Аркадий", mail: "arkady@pochta.example", fate: waiting,
		text: "Хочу повторить у себя. С чего посоветуете начать: с помещения или со списка " +
			"тех, кто готов держать ключ?"},
	{on: bakery, name: "James", mail: "james@easy-week.example", fate: waiting,
		text: campaign + "https://oven-sale.example/?ref=17"},
	{on: orchard, name: "Аружан", mail: "aruzhan@poshta.example", fate: waiting,
		text: "Суретін де салсаңыз жақсы болар еді, бақты көргіміз келеді. Күзгі түсі ерекше шығар."},
	{on: bakery, name: "Linda W", mail: "linda@easy-week.example", fate: waiting,
		text: campaign + "https://oven-sale.example/?ref=23"},
	{on: bakery, name: "Royal Spins", mail: "vip@slots.example", website: "https://royal-spins.example", fate: waiting,
		text: "Online casino bonus! Win big with instant payout, 500% on your first deposit. Click here and play now " +
			"https://royal-spins.example/vip"},
	{on: library, name: "Лёгкий заработок", mail: "job@dengi.example", fate: waiting,
		text: "Заработок на дому без вложений, деньги на карту в день! Бонус на первый депозит, пишите сейчас: " +
			"https://legkie-dengi.example/start"},
	{on: library, name: "Robert", mail: "rob@easy-week.example", fate: waiting,
		text: campaign + "https://oven-sale.example/?ref=31"},
	{on: bakery, name: "Gary", mail: "gary@mail.example", fate: waiting,
		text: "What a stupid idiot. Tom Hale is a liar and the author is a lazy fool, and " +
			"nobody gets up at four for bread."},
	{on: orchard, name: "Несие тез", mail: "tez@aqsha.example", fate: waiting,
		text: "Несие 5 минутта, анықтамасыз! Алғашқы салымға бонус, қазір тіркелу тегін: " +
			"https://nesie-tez.example/bonus"},
	{on: bakery, name: "Priya", mail: "priya@mail.example", fate: waiting,
		text: "> I am mostly somebody who leaves things alone\n\nThis is the best description of parenting I have " +
			"read, and it was about dough.\n\n* wait\n* keep it warm\n* do not open the door"},
	{on: orchard, name: "Barbara", mail: "barb@easy-week.example", fate: waiting,
		text: campaign + "https://oven-sale.example/?ref=44"},
	{to: "vera2", on: library, name: "Соня", mail: "sonya@pochta.example", fate: waiting,
		text: "А кота как зовут? Предлагаю записать его в каталог первым."},
	{on: bakery, name: "form filler", mail: "bot@fill.example", trap: true, fate: waiting,
		text: "Very nice post, I really enjoy reading it, thank you for sharing this useful information with us."},
	{on: bakery, name: "Ken", mail: "ken@mail.example", times: 3, fate: waiting,
		text: "Is the bakery open on Sundays? My comment does not show, so I am sending it again."},
	{to: "nurlan2", on: orchard, name: "Асқар", mail: "asqar@poshta.example", fate: waiting,
		text: "Мені де тізімге қосыңыздаршы, жиырма бес ағашым бар. Қашан жиналамыз?"},
	{on: library, name: "Dorothy", mail: "dot@easy-week.example", fate: waiting,
		text: campaign + "https://oven-sale.example/?ref=58"},
	{on: bakery, name: "Yusuf", mail: "yusuf@mail.example", fate: waiting,
		text: "Before I am awake: the bees, my wife says. Before she is awake: me, feeding the " +
			"bees. We have never settled it."},
	{on: library, name: "Инна", mail: "inna@pochta.example", fate: waiting,
		text: "Мы с мужем проезжаем мимо этого киоска каждую неделю и думали, что там продают " +
			"билеты. Завтра остановимся."},
	{on: orchard, name: "Жанна", mail: "zhanna@poshta.example", fate: waiting,
		text: "Пешке салып көрдім, тым қатты болып кетті. Күнге кептірген дұрыс екен ғой?"},
}

// campaign is what five writers send within a day, each with a number of their own.
const campaign = "Wonderful article, it reminded me of my grandmother's kitchen. I bought my new stone oven from " +
	"this family shop and the crust is like hers, they have twenty percent off this week only: "
