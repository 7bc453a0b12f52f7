// What Go's net/http makes of a query and of a body, as one JSON object.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		failure := r.ParseForm()
		body, _ := io.ReadAll(r.Body)
		json.NewEncoder(w).Encode(map[string]any{
			"raw": r.URL.RawQuery, "target": r.RequestURI, "query": r.URL.Query(), "encoded": r.URL.Query().Encode(),
			"form": r.Form, "body_after_form": string(body), "form_failed": failure != nil, "url": r.URL.String(),
			"path": r.URL.Path, "header": r.Header.Get("x-twice"),
		})
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
