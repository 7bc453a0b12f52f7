// Fetch URLs with Go's http.Client, one after the other.
package main

import (
	"log"
	"net/http"
	"os"
)

func main() {
	for _, url := range os.Args[1:] {
		response, err := http.Get(url)
		if err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
	}
}
