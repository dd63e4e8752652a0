package demo

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
)

//go:embed blog
var blogFiles embed.FS

var blogPages = template.Must(template.ParseFS(blogFiles, "blog/page.html", "blog/index.html"))

// blogLabels are the labels around an article, in its language.
type blogLabels struct{ Blog, Writer, Minutes, Comments, Plain, Language string }

// An article of the demo's blog. URL is the page of its comments.
type article struct {
	Path, Lang, Title, Summary string
	Words                      blogLabels
	Text                       template.HTML
	URL, Plain, Site           string
	Others                     []article // the articles in other languages
}

// Indexes of Blog.articles.
const (
	bakery  = iota // in English
	library        // in Russian
	orchard        // in Kazakh
)

// A Blog serves three invented articles under /demo/, each with the widget below it.
type Blog struct {
	articles []article
	public   *url.URL
}

// NewBlog returns the blog of a service whose public URL is public.
func NewBlog(public *url.URL) *Blog {
	b := &Blog{public: public, articles: []article{
		bakery: {Path: "/demo/bakery", Lang: "en", Title: "Four in the morning at the bakery",
			Summary: "For eleven years its light woke me. This spring I went down to ask what " +
				"takes so long about bread.",
			Words: blogLabels{"Small Hours", "Aliya Brandt", "3 min", "Comments", "Read the comments, or write one",
				"English"}},
		library: {Path: "/demo/library", Lang: "ru", Title: "Библиотека, которую собрали соседи",
			Summary: "Крыша протекла в феврале, а в июле у нас был киоск три на четыре метра и " +
				"одиннадцать ключей от него.",
			Words: blogLabels{"Ранний час", "Aliya Brandt", "3 минуты", "Комментарии",
				"Читать комментарии или написать свой", "Русский"}},
		orchard: {Path: "/demo/orchard", Lang: "kk", Title: "Атам отырғызған бақ",
			Summary: "Қырық түп алма ағашының он тоғызы қалды. Көктем сайын соларды санап шығамын.",
			Words: blogLabels{"Таң алды", "Aliya Brandt", "3 минут", "Пікірлер", "Пікірлерді оқу немесе пікір жазу",
				"Қазақша"}},
	}}
	for i, name := range []string{"bakery", "library", "orchard"} {
		text, err := blogFiles.ReadFile("blog/" + name + ".html")
		if err != nil {
			panic(err) // the file is embedded
		}
		a := &b.articles[i]
		a.Text, a.Site, a.URL = template.HTML(text), Site, public.JoinPath(a.Path).String() // trusted text of the demo
		a.Plain = "/sites/" + Site + "/page?url=" + url.QueryEscape(a.URL) + "&lang=" + a.Lang
	}
	for i := range b.articles {
		for j, other := range b.articles {
			if i != j {
				b.articles[i].Others = append(b.articles[i].Others, other)
			}
		}
	}
	return b
}

// Around returns a handler that serves the blog and passes all other requests to service.
func (b *Blog) Around(service http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", service)
	for _, a := range b.articles {
		mux.HandleFunc("GET "+a.Path, b.page("page.html", a))
	}
	mux.HandleFunc("GET /demo/{$}", b.page("index.html", map[string]any{
		"Articles": b.articles, "Site": Site, "URL": b.public.JoinPath("/demo/").String(),
	}))
	mux.HandleFunc("GET /demo/blog.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, blogFiles, "blog/blog.css")
	})
	mux.Handle("GET /{$}", http.RedirectHandler("/demo/", http.StatusFound))
	return mux
}

func (b *Blog) page(name string, data any) http.HandlerFunc {
	var text bytes.Buffer
	if err := blogPages.ExecuteTemplate(&text, name, data); err != nil {
		panic(err) // template and data are constant
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(text.Bytes()) // an error means that the client is gone
	}
}
