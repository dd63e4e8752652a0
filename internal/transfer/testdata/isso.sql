-- Tables as of Isso's isso/db, with comments written for the project's tests.
CREATE TABLE preferences (key VARCHAR PRIMARY KEY, value VARCHAR);
CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR(256) UNIQUE, title VARCHAR(256));
CREATE TABLE comments (tid REFERENCES threads(id), id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT NOT NULL,
	modified FLOAT, mode INTEGER, remote_addr VARCHAR, text VARCHAR NOT NULL, author VARCHAR, email VARCHAR,
	website VARCHAR, likes INTEGER DEFAULT 0, dislikes INTEGER DEFAULT 0, voters BLOB NOT NULL,
	notification INTEGER DEFAULT 0);
INSERT INTO preferences VALUES ('session-key', 'a secret that stays behind');
INSERT INTO threads VALUES (1, '/garden/hedges.html', 'Hedges'), (2, '/garden/?p=7', NULL),
	(3, 'https://other.example/x', 'Elsewhere');
INSERT INTO comments (tid, id, parent, created, mode, remote_addr, text, author, email, website, voters) VALUES
	(1, 1, NULL, 1609459200.25, 1, '192.0.2.0', 'Cut them in **March**, before the birds come.', 'Yngve',
		'yngve@mail.example', 'https://yngve.example', x'00'),
	(1, 2, 1, 1609459300, 1, NULL, 'And the thorny ones?', NULL, NULL, NULL, x'00'),
	(1, 3, 1, 1609459400, 2, NULL, 'This one waits for the owner of the blog.', 'Wilma', '', '', x'00'),
	(2, 4, NULL, 1609459500, 4, NULL, '', NULL, NULL, NULL, x'00'),
	(2, 5, 4, 1609459600, 1, NULL, 'An answer to what was taken away here.', 'Ville', NULL, NULL, x'00'),
	(2, 6, NULL, 1609459700, 4, NULL, '', NULL, NULL, NULL, x'00'),
	(3, 7, NULL, 1609459800, 1, NULL, 'Under an article of another host.', NULL, NULL, NULL, x'00');
