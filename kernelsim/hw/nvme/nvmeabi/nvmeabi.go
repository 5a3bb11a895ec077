// Package nvmeabi holds the registers and structures that the controller and its driver share.
package nvmeabi
