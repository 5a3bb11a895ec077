// Package enaabi holds the registers that the network card and its driver share.
package enaabi
