Profile: VitiligoCellDerivedProduct
Parent: VitiligoProduct
Id: vitiligo-cell-derived-product
Title: "Cell-derived product"
Description: "A product that cells have made or given off and that contains no cells, such as the conditioned medium of mesenchymal stem cells. Such products are as a rule not licensed; whether this one is stands in its licence, where that is stated."
* obeys vit-cell-1
* insert Open(ingredient, [[donor, passage and batch of the cells are seldom stated, and whether a percentage is by weight or volume even less.]])
