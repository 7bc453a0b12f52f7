// A partner endpoint for OfficeRnD with Go's net/http.
// Start it with: OFFICERND_SECRET=... OFFICERND_WEBHOOK_SECRET=... PORT=8000 go run .
package main

import (
	"errors"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"handshakes/officernd"
	"handshakes/strict"
)

func healthcheck(w http.ResponseWriter, r *http.Request) error {
	target := r.RequestURI                  // or "?" + r.URL.RawQuery, but not r.URL.Query(), which is a map, or r.Form
	secret := os.Getenv("OFFICERND_SECRET") // read it by organisation in a real integration
	if _, err := officernd.VerifyQuery(target, secret, time.Now().Unix(), officernd.DefaultTolerance); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err := io.WriteString(w, `{"accountName":"Example account"}`)
	return err
}

func removed(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, officernd.MaxBody)) // before r.ParseForm or r.FormValue
	if err != nil {
		return strict.Refuse("too-large", "the body is too long, or ended too soon")
	}
	header := strings.Join(r.Header.Values("officernd-signature"), ",") // Get would take the first of two
	secret := os.Getenv("OFFICERND_WEBHOOK_SECRET")
	if _, err := officernd.VerifyWebhook(body, header, secret, time.Now().Unix(), officernd.DefaultTolerance); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func verified(method string, handle func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != method {
			http.Error(w, "", http.StatusMethodNotAllowed)
			return
		}
		if refused := new(strict.Refused); errors.As(handle(w, r), &refused) {
			log.Print("refused: ", refused.Reason) // for the operator; the client learns no reason
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"message":"The request could not be verified."}`)
		}
	}
}

func main() {
	http.HandleFunc("/healthcheck", verified(http.MethodGet, healthcheck))
	http.HandleFunc("/removed", verified(http.MethodPost, removed))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
