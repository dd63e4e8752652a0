package demo

var dayOne = []scripted{
	{id: "tom", on: bakery, name: "Tom Hale", mail: "tom.hale@mail.example", outcome: published,
		text: "My father drove the milk round for thirty years and used to say that a town is honest only before " +
			"six. I never understood what he meant until I read this."},
	{id: "piotr", on: bakery, name: "Piotr", mail: "piotr@post.example", outcome: published,
		text: "How does Ruslan keep the dough from going sour in summer? Mine smells of vinegar by June, and I leave " +
			"it for the same twelve hours."},
	{on: bakery, name: "Best Casino", mail: "win@letters.example", website: "https://royal-spins.example", outcome: spam,
		text: "Play online casino and win big! 300% bonus on your first deposit, instant payout, click here " +
			"https://royal-spins.example/bonus"},
	{id: "marina", on: library, name: "Марина", mail: "marina@home.example", outcome: published,
		text: "Читала и вспоминала нашу школьную библиотеку: там тоже всё держалось на одном человеке и одной " +
			"тележке. Спасибо вам, что записали."},
	{on: library, name: "Удача", mail: "bonus@pochta.example", outcome: spam,
		text: "Онлайн казино с выводом за 5 минут! Бонус 300% на первый депозит, играй и " +
			"выигрывай: https://kazino-udacha.example"},
	{id: "aigerim", on: orchard, name: "Айгерім", mail: "aigerim@freemail.example", outcome: published,
		text: "Өте жылы жазылған. Менің әжем де алманы санап отыратын, біреуін де зая кетірмейтін."},
	{id: "nurlan", on: orchard, name: "Нұрлан", mail: "nurlan@webmail.example", outcome: published,
		text: "Тамшылатып суару жүйесін қайдан алдыңыздар? Бізде де су аз, бірақ бағасы қымбат па деп қорқамыз."},
	{on: orchard, name: "Ұтыс", mail: "utys@inbox.example", outcome: spam,
		text: "Онлайн казино! Алғашқы салымға 200% бонус, ақшаны 5 минутта аласыз. Қазір ойна: " +
			"https://utys-kazino.example"},
	{on: bakery, name: "Gary", mail: "gary@poshta.example",
		outcome: refused(attack, "Argue with what was written, please, and leave the person out of it."),
		text:    "The author is a lazy idiot who has never worked a day in her life. What a stupid woman."},
	{id: "dev", on: bakery, name: "Dev K.", mail: "dev@box.example", outcome: published, withdrawn: true,
		text: "Give it two years and the rent will close them like it closed the shoemaker. Nobody pays four in the " +
			"morning wages for long."},
}

var dayTwo = []scripted{
	{id: "marg", to: "tom", on: bakery, name: "Marguerite S.", mail: "marguerite@mail.example", outcome: published,
		text: "Mine was a postman and said exactly the same about seven. Perhaps every trade " +
			"has its own hour of honesty."},
	{id: "aliya1", to: "piotr", on: bakery, staff: true,
		text: "I asked him. Colder water and less starter: in July he uses ice, and a third of the winter amount. " +
			"Twelve hours, he says, is a number for January."},
	{to: "dev", on: bakery, name: "Hannah", mail: "hannah@post.example", outcome: published,
		text: "You may be right about rents in general, but the family owns that building. It " +
			"says so on the plaque beside the door."},
	{on: bakery, name: "Loan Expert", mail: "cash@letters.example", outcome: spam,
		text: "Need money fast? Get an instant loan with no credit check, approved in 5 " +
			"minutes. Apply now https://fast-loans.example"},
	{id: "vera", to: "marina", on: library, name: "Олег Викторович", mail: "oleg@home.example", outcome: published,
		text: "У нас это была Нина Петровна. Когда она ушла на пенсию, библиотека закрылась " +
			"через месяц, и никто не удивился."},
	{on: library, name: "Лёгкие деньги", mail: "rabota@pochta.example", outcome: spam,
		text: "Заработок на дому от 7000 рублей в день, без вложений и опыта. Пишите прямо " +
			"сейчас: https://legkie-dengi.example"},
	{on: library, name: "Сергей", mail: "sergey@freemail.example",
		outcome: refused(attack, "Пожалуйста, без оценок людей. Мысль про деньги интересная, напишите её отдельно."),
		text:    "Автор дура и бездельница, лучше бы работать пошла, чем писать такую чушь."},
	{id: "aliya2", to: "nurlan", on: orchard, staff: true,
		text: "Аудан орталығындағы дүкеннен, бөліп төлеуге алдық. Он тоғыз ағашқа екі жүз мың теңгедей кетті."},
	{on: orchard, name: "Гүлнар Ә.", mail: "gulnar@webmail.example", outcome: published,
		text: "Арық басындағы кезек туралы дәл айтыпсыз. Бала кезімде ең қызық әңгімені сол жерден естуші едім."},
	{on: orchard, name: "Несие", mail: "nesie@inbox.example", outcome: spam,
		text: "Несие 5 минутта! Анықтамасыз, кепілсіз, бәріне береміз. Қазір жазыңыз: https://nesie-tez.example"},
	{on: bakery, name: "anon", outcome: refused(hate, "We do not write about groups of people in this way."),
		text: "It is those valley people again, they are all thieves and vermin and should be thrown out of the " +
			"town, every one of them."},
	{on: bakery, name: "Celia", mail: "celia@poshta.example", outcome: published,
		text: "Lovely writing. The line about leaving things alone is going on my fridge, next to the school " +
			"calendar that leaves nothing alone."},
}

var dayThree = []scripted{
	{id: "tom2", to: "marg", on: bakery, name: "Tom Hale", mail: "tom.hale@mail.example", outcome: published,
		text: "Ha. Bakers four, milkmen five, postmen seven. What do teachers have?"},
	{to: "aliya1", on: bakery, name: "Piotr", mail: "piotr@post.example", outcome: published,
		text: "Ice! That had not occurred to me. Thank you, and please thank him too."},
	{on: bakery, name: "SEO Pro", mail: "rank@box.example", website: "https://rank-first.example", outcome: spam,
		text: "Hello, I visited your website and we can get you on page one of search results. 5000 backlinks for " +
			"$49, order now https://rank-first.example"},
	{on: bakery, name: "Ines", mail: "ines@mail.example", outcome: published,
		text: "Small correction: since the new timetable the early bus leaves at 6:45. Otherwise every word is true, " +
			"including the smell."},
	{on: bakery, name: "x", outcome: refused(obscene, ""),
		text: "What a load of shit, nobody gives a damn about your crappy bread. Shove it up your arse."},
	{id: "vera2", on: library, name: "Вера Андреевна", mail: "vera@post.example", outcome: published,
		text: "Алия, вы забыли главное: первые сорок книг выбирала не я, а кот. На каких он " +
			"лёг, те и поехали сушиться."},
	{id: "denis", on: library, name: "Денис", mail: "denis@letters.example", outcome: published,
		text: "А как вы решили вопрос с пожарными? Нам за похожий шкаф в подъезде выписали " +
			"предписание в первую же неделю."},
	{on: library, name: "Займ", mail: "zaim@home.example", outcome: spam,
		text: "Займ онлайн без отказа и проверок, деньги на карту за 10 минут: " +
			"https://zaim-srazu.example оформляйте сейчас"},
	{to: "aigerim", on: orchard, staff: true,
		text: "Рақмет, Айгерім! Әжелеріміздің есебі банктікінен де дәл еді ғой."},
	{id: "nurlan2", to: "aliya2", on: orchard, name: "Нұрлан", mail: "nurlan@webmail.example", outcome: published,
		text: "Рақмет, ойлағандай қымбат емес екен. Келесі жазға жоспарлаймыз."},
	{on: orchard, name: "Лайк", mail: "laik@pochta.example", outcome: spam,
		text: "Instagram-ға мың жазылушы небәрі 2000 теңге! Лайк пен қаралым арзан, тапсырыс: " +
			"https://laik-kobeyt.example"},
	{on: orchard, name: "Ерлан", mail: "erlan@freemail.example", outcome: published,
		text: "Біздің бақтан алты ағаш қана қалды. Мақаланы оқып, ертең барып қарап шығайын деп шештім."},
	{on: orchard, name: "біреу", outcome: refused(attack, "Адамға емес, айтылған ойға жауап беріңізші."),
		text: "Автор ақымақ екен, мұндай сандырақты тек жалқау адам жазады."},
}
