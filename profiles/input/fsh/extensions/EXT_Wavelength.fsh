Extension: Wavelength
Id: wavelength
Title: "Wavelength"
Description: "The wavelength of the light a treatment used."
Context: Procedure
* value[x] only Quantity
* value[x] 1..1
