<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr" sourcelanguage="en">
  <context>
    <name>AnimationControl</name>
    <message>
      <source>Only one step exists. Make more steps first.</source>
      <translation>Il n’y a qu’un pas. Faites-en d’abord d’autres.</translation>
    </message>
    <message>
      <source>The steps play in the Temporal Controller. Use its Export Animation button to save the frames.</source>
      <translation>Les pas défilent dans le contrôleur temporel. Son bouton Exporter l'animation enregistre les images.</translation>
    </message>
    <message>
      <source>This QGIS has no Temporal Controller.</source>
      <translation>Ce QGIS n’a pas de contrôleur temporel.</translation>
    </message>
  </context>
  <context>
    <name>AppContext</name>
    <message>
      <source>Another task is running. Wait for it, or cancel it.</source>
      <translation>Une autre tâche est en cours. Attendez-la, ou annulez-la.</translation>
    </message>
    <message>
      <source>Make a coarse map first.</source>
      <translation>Faites d’abord une carte grossière.</translation>
    </message>
    <message>
      <source>No Python with PyTorch was found. Choose one, or create an environment, in Settings &gt; Options &gt; Map Refiner.</source>
      <translation>Aucun Python avec PyTorch n’a été trouvé pour le processus de calcul. Choisissez-en un dans Préférences &gt; Options &gt; Map Refiner.</translation>
    </message>
    <message>
      <source>{} already exists. Replace it?</source>
      <translation>{} existe déjà. Le remplacer ?</translation>
    </message>
  </context>
  <context>
    <name>BandEdit</name>
    <message>
      <source>Bands</source>
      <translation>Bandes</translation>
    </message>
    <message>
      <source>Choose bands from a list. Their order is the order of your clicks.</source>
      <translation>Choisir des bandes dans une liste ; leur ordre est celui de vos clics.</translation>
    </message>
    <message>
      <source>List of bands</source>
      <translation>Liste des bandes</translation>
    </message>
  </context>
  <context>
    <name>Check</name>
    <message>
      <source>Python could not be started.</source>
      <translation>Il n’a pas pu être démarré.</translation>
    </message>
    <message>
      <source>Python did not answer within {} s.</source>
      <translation>Il n’a pas répondu en {} s.</translation>
    </message>
    <message>
      <source>Python did not answer.</source>
      <translation>Il n’a pas répondu.</translation>
    </message>
  </context>
  <context>
    <name>CoarseControl</name>
    <message>
      <source> · held-out mean IoU {:.3f}</source>
      <translation> · IoU moyen de validation {:.3f}</translation>
    </message>
    <message>
      <source>Classifying…</source>
      <translation>Classement…</translation>
    </message>
    <message>
      <source>Loss {:.3f}</source>
      <translation>Perte {:.3f}</translation>
    </message>
    <message>
      <source>Reading the scores…</source>
      <translation>Lecture des scores…</translation>
    </message>
    <message>
      <source>Reading the spectra…</source>
      <translation>Lecture des spectres…</translation>
    </message>
    <message>
      <source>The layer “{}” has no text field “{}” with the class of each polygon or point.</source>
      <translation>La couche « {} » n’a pas de champ texte « {} », qui dit ce qu’est chaque polygone ou point.</translation>
    </message>
    <message>
      <source>The layer “{}” is empty.</source>
      <translation>La couche « {} » est vide.</translation>
    </message>
    <message>
      <source>Trained on {}</source>
      <translation>Entraîné sur {}</translation>
    </message>
    <message>
      <source>Training</source>
      <translation>Entraînement</translation>
    </message>
    <message>
      <source>Training of the coarse model finished: held-out mean IoU {:.3f}. Click Classify to use it.</source>
      <translation>Le modèle grossier est entraîné (IoU moyen de validation {:.3f}). Cliquez sur Classer.</translation>
    </message>
    <message>
      <source>Training…</source>
      <translation>Entraînement…</translation>
    </message>
  </context>
  <context>
    <name>CoarseSection</name>
    <message>
      <source> m</source>
      <translation> m</translation>
    </message>
    <message>
      <source>A raster with one band per class, background first: scores, probabilities or percentages.</source>
      <translation>Un raster avec une bande par classe, le fond d’abord : scores, probabilités ou pourcentages.</translation>
    </message>
    <message>
      <source>A safetensors file of pretrained VGG-16 weights with torchvision's parameter names. Without it, the network trains from scratch and needs far more labels and time.</source>
      <translation>Un fichier safetensors de poids VGG-16 préentraînés, avec les noms de paramètres de torchvision. Sans lui, le réseau s'entraîne à partir de zéro et demande beaucoup plus d'étiquettes et de temps.</translation>
    </message>
    <message>
      <source>Also classify the image at 0.6 and 0.8 of its size, and keep the largest probability of each class, as the authors of LRR do. This takes about three times as long.</source>
      <translation>Regarder aussi l’image à 0,6 et 0,8 de sa taille, et garder la plus grande probabilité de chaque classe, comme les auteurs de LRR : environ trois fois plus lent.</translation>
    </message>
    <message>
      <source>Building polygons. They may be shifted and incomplete, as in OpenStreetMap.</source>
      <translation>Polygones de bâtiments. Ils peuvent être décalés et incomplets, comme dans OpenStreetMap.</translation>
    </message>
    <message>
      <source>Buildings</source>
      <translation>Bâtiments</translation>
    </message>
    <message>
      <source>Centre lines of roads. They are buffered to the road width.</source>
      <translation>Axes des routes ; ils sont élargis à la largeur de route.</translation>
    </message>
    <message>
      <source>Classify</source>
      <translation>Classer</translation>
    </message>
    <message>
      <source>Coarse Map</source>
      <translation>Carte grossière</translation>
    </message>
    <message>
      <source>Description of the model kind</source>
      <translation>Ce que fait cette sorte de modèle</translation>
    </message>
    <message>
      <source>Existing Score Raster</source>
      <translation>Raster de scores existant</translation>
    </message>
    <message>
      <source>Kind</source>
      <translation>Sorte</translation>
    </message>
    <message>
      <source>Labels</source>
      <translation>Étiquettes</translation>
    </message>
    <message>
      <source>Make the coarse map (step 0) with the chosen model.</source>
      <translation>Faire la carte grossière, le pas 0, avec le modèle choisi.</translation>
    </message>
    <message>
      <source>Pixels per class</source>
      <translation>Pixels par classe</translation>
    </message>
    <message>
      <source>Plot the mean spectrum of each labelled class and its standard deviation.</source>
      <translation>Tracer le spectre moyen de chaque classe étiquetée, et sa dispersion.</translation>
    </message>
    <message>
      <source>Polygons or points with a text field “class”, with any number of classes. Unlabelled pixels are ignored. Draw several features per class: whole features are held out for evaluation.</source>
      <translation>Polygones ou points avec un champ texte « class », d’autant de classes que vous voulez ; ce qui est entre eux ne dit rien. Dessinez-en plusieurs par classe : certains sont mis de côté en entier pour juger.</translation>
    </message>
    <message>
      <source>Road width</source>
      <translation>Largeur de route</translation>
    </message>
    <message>
      <source>Roads</source>
      <translation>Routes</translation>
    </message>
    <message>
      <source>Scores</source>
      <translation>Scores</translation>
    </message>
    <message>
      <source>Several scales</source>
      <translation>Plusieurs échelles</translation>
    </message>
    <message>
      <source>Show Spectra</source>
      <translation>Montrer les spectres</translation>
    </message>
    <message>
      <source>Source</source>
      <translation>Source</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>Arrêter</translation>
    </message>
    <message>
      <source>Stop the training now and keep the best weights.</source>
      <translation>Terminer l’entraînement maintenant et garder ses meilleurs poids.</translation>
    </message>
    <message>
      <source>The kind of model to train. Spectral models classify each pixel on its own and suit images with many bands.</source>
      <translation>Le type de modèle à entraîner. Les modèles spectraux classent chaque pixel séparément et conviennent aux images à nombreuses bandes.</translation>
    </message>
    <message>
      <source>The maximum number of training pixels per class, sampled at random from the labels.</source>
      <translation>De combien de pixels d’une classe apprendre au plus, tirés au hasard des étiquettes.</translation>
    </message>
    <message>
      <source>The source of the coarse map: a trained model, a model trained here from vector layers, or an existing score raster.</source>
      <translation>Ce qui fait la première carte : un modèle entraîné, un entraîné ici sur des vecteurs, ou des scores que vous avez.</translation>
    </message>
    <message>
      <source>The width of the roads on the ground.</source>
      <translation>Largeur des routes au sol.</translation>
    </message>
    <message>
      <source>Train</source>
      <translation>Entraîner</translation>
    </message>
    <message>
      <source>Train From Vectors</source>
      <translation>Entraîner sur des vecteurs</translation>
    </message>
    <message>
      <source>Train a coarse model on the vector layers within the scene. This takes a few minutes.</source>
      <translation>Entraîner un modèle grossier sur les couches vectorielles dans la scène. Cela prend quelques minutes.</translation>
    </message>
    <message>
      <source>Training progress</source>
      <translation>Progression de l’entraînement</translation>
    </message>
    <message>
      <source>Use Scores</source>
      <translation>Utiliser les scores</translation>
    </message>
    <message>
      <source>Use the chosen raster as the coarse map (step 0).</source>
      <translation>Prendre le raster choisi comme carte grossière, le pas 0.</translation>
    </message>
    <message>
      <source>VGG-16 weights</source>
      <translation>Poids de VGG-16</translation>
    </message>
    <message>
      <source>Weights (*.safetensors)</source>
      <translation>Poids (*.safetensors)</translation>
    </message>
  </context>
  <context>
    <name>CompareRow</name>
    <message>
      <source>Before Fine-Tuning</source>
      <translation>Avant l'affinage</translation>
    </message>
    <message>
      <source>Coarse Map</source>
      <translation>Carte grossière</translation>
    </message>
    <message>
      <source>Flicker</source>
      <translation>Clignoter</translation>
    </message>
    <message>
      <source>Show the other step to the left of the mouse pointer on the map. Click again to stop.</source>
      <translation>Montrer l’autre pas à gauche de la souris sur la carte ; cliquez de nouveau pour finir.</translation>
    </message>
    <message>
      <source>Show the other step while the button is held down.</source>
      <translation>Montrer l’autre pas tant que le bouton est maintenu.</translation>
    </message>
    <message>
      <source>Step {}</source>
      <translation>Pas {}</translation>
    </message>
    <message>
      <source>Swipe</source>
      <translation>Balayer</translation>
    </message>
  </context>
  <context>
    <name>ComparisonControl</name>
    <message>
      <source>Map Refiner: Compare With the Other Step</source>
      <translation>Map Refiner : comparer avec l’autre pas</translation>
    </message>
  </context>
  <context>
    <name>Controller</name>
    <message>
      <source>Cancelled. Finished steps and labels are kept.</source>
      <translation>Annulé. Les pas terminés et les étiquettes restent.</translation>
    </message>
    <message>
      <source>Cancelling…</source>
      <translation>Annulation…</translation>
    </message>
    <message>
      <source>Reopening the scene…</source>
      <translation>Réouverture de la scène…</translation>
    </message>
  </context>
  <context>
    <name>CorrectSection</name>
    <message>
      <source> m</source>
      <translation> m</translation>
    </message>
    <message>
      <source>Brush</source>
      <translation>Pinceau</translation>
    </message>
    <message>
      <source>Click</source>
      <translation>Cliquer</translation>
    </message>
    <message>
      <source>Click a connected region of the shown map to assign the chosen class to all of it.</source>
      <translation>Cliquer sur une partie connexe de la carte montrée : toute la partie prend la classe choisie.</translation>
    </message>
    <message>
      <source>Click a place to move the map there. Places that you have corrected have a check mark.</source>
      <translation>Cliquez sur un lieu pour y déplacer la carte. Les lieux que vous avez corrigés sont cochés.</translation>
    </message>
    <message>
      <source>Correct</source>
      <translation>Corriger</translation>
    </message>
    <message>
      <source>Draw</source>
      <translation>Dessiner</translation>
    </message>
    <message>
      <source>Draw a polygon: left click adds a corner, right click or Enter closes it, Backspace removes the last corner.</source>
      <translation>Dessiner un polygone : clic gauche pour les sommets, clic droit ou Entrée pour fermer, Retour arrière pour retirer un sommet.</translation>
    </message>
    <message>
      <source>Effect of the corrections</source>
      <translation>Ce qu’ont donné les corrections</translation>
    </message>
    <message>
      <source>Fine-Tune</source>
      <translation>Affiner</translation>
    </message>
    <message>
      <source>Fine-tune the refiner on the corrections and on the labels chosen under Train. This takes seconds. Then the steps are recomputed.</source>
      <translation>Continuer l’entraînement du raffineur avec les corrections, et avec les étiquettes choisies dans Enseigner ; cela prend quelques secondes. Les pas sont ensuite refaits.</translation>
    </message>
    <message>
      <source>Gain from the corrections</source>
      <translation>Ce que les corrections ont fait gagner</translation>
    </message>
    <message>
      <source>Layer</source>
      <translation>Couche</translation>
    </message>
    <message>
      <source>List the most uncertain places of the shown step, where a label or a correction helps most.</source>
      <translation>Lister les endroits du pas montré qui méritent le plus une étiquette ou une correction, les meilleurs d’abord.</translation>
    </message>
    <message>
      <source>Make a correction first.</source>
      <translation>Corrigez d’abord quelque chose.</translation>
    </message>
    <message>
      <source>Paint</source>
      <translation>Peindre</translation>
    </message>
    <message>
      <source>Paint as</source>
      <translation>Peindre comme</translation>
    </message>
    <message>
      <source>Paint with the brush: press and drag.</source>
      <translation>Peindre au pinceau : presser et tirer.</translation>
    </message>
    <message>
      <source>Redo</source>
      <translation>Refaire</translation>
    </message>
    <message>
      <source>Redo the last undone correction.</source>
      <translation>Refaire la dernière correction annulée.</translation>
    </message>
    <message>
      <source>Restore the weights before the last fine-tuning, and recompute the steps.</source>
      <translation>Reprendre les poids d’avant le dernier apprentissage, et refaire les pas.</translation>
    </message>
    <message>
      <source>The class to assign where you paint, click or draw. Choose “unsure” to remove existing corrections.</source>
      <translation>La classe à attribuer là où vous peignez, cliquez ou dessinez. Choisissez « incertain » pour retirer des corrections existantes.</translation>
    </message>
    <message>
      <source>The layer of corrections: polygons with a text field “class”. It is created with the first correction. You can also edit it with QGIS's own tools, or choose a layer of exported polygons that you have edited.</source>
      <translation>La couche des corrections : des polygones avec un champ texte « class ». Elle est créée avec la première correction. Vous pouvez aussi la modifier avec les outils de QGIS, ou choisir une couche de polygones exportés que vous avez modifiée.</translation>
    </message>
    <message>
      <source>The width of the brush, in metres on the ground.</source>
      <translation>Largeur du pinceau, en mètres au sol.</translation>
    </message>
    <message>
      <source>Uncertain places</source>
      <translation>Endroits à regarder</translation>
    </message>
    <message>
      <source>Undo</source>
      <translation>Défaire</translation>
    </message>
    <message>
      <source>Undo Fine-Tuning</source>
      <translation>Annuler l'affinage</translation>
    </message>
    <message>
      <source>Undo the last correction.</source>
      <translation>Défaire la dernière correction.</translation>
    </message>
    <message>
      <source>Where to Look Next</source>
      <translation>Où regarder ensuite</translation>
    </message>
    <message>
      <source>unsure</source>
      <translation>incertain</translation>
    </message>
  </context>
  <context>
    <name>CorrectionControl</name>
    <message>
      <source>Applying the corrections…</source>
      <translation>Prise en compte des corrections…</translation>
    </message>
    <message>
      <source>The drawn shape cannot be transformed to the CRS of the scene.</source>
      <translation>Ce que vous avez dessiné ne peut pas être amené dans le SCR de la scène.</translation>
    </message>
    <message>
      <source>This place is outside the scene. Correct the map within the scene.</source>
      <translation>C’est hors de la scène ; corrigez la carte à l’intérieur.</translation>
    </message>
  </context>
  <context>
    <name>CorrectionToolControl</name>
    <message>
      <source>Finding the connected region…</source>
      <translation>Recherche de la partie connexe…</translation>
    </message>
    <message>
      <source>Map Refiner: Correct a Connected Part</source>
      <translation>Map Refiner : corriger une partie connexe</translation>
    </message>
    <message>
      <source>Map Refiner: Correct as Class {}</source>
      <translation>Map Refiner : corriger en classe {}</translation>
    </message>
    <message>
      <source>Map Refiner: Correct as Unsure</source>
      <translation>Map Refiner : corriger en incertain</translation>
    </message>
    <message>
      <source>Map Refiner: Draw a Correction</source>
      <translation>Map Refiner : dessiner une correction</translation>
    </message>
    <message>
      <source>Map Refiner: Larger Brush</source>
      <translation>Map Refiner : agrandir le pinceau</translation>
    </message>
    <message>
      <source>Map Refiner: Paint a Correction</source>
      <translation>Map Refiner : peindre une correction</translation>
    </message>
    <message>
      <source>Map Refiner: Redo the Correction</source>
      <translation>Map Refiner : rétablir la correction</translation>
    </message>
    <message>
      <source>Map Refiner: Smaller Brush</source>
      <translation>Map Refiner : réduire le pinceau</translation>
    </message>
    <message>
      <source>Map Refiner: Undo the Correction</source>
      <translation>Map Refiner : défaire la correction</translation>
    </message>
    <message>
      <source>This place is outside the scene.</source>
      <translation>C’est hors de la scène.</translation>
    </message>
  </context>
  <context>
    <name>Curve</name>
    <message>
      <source>Coarse</source>
      <translation>Grossière</translation>
    </message>
    <message>
      <source>Loss</source>
      <translation>Perte</translation>
    </message>
    <message>
      <source>Mean IoU</source>
      <translation>IoU moyen</translation>
    </message>
  </context>
  <context>
    <name>DemoControl</name>
    <message>
      <source>Demo scene</source>
      <translation>Scène de démonstration</translation>
    </message>
    <message>
      <source>Labelled tile</source>
      <translation>Tuile étiquetée</translation>
    </message>
    <message>
      <source>QGIS cannot open {}. The file may be missing.</source>
      <translation>QGIS ne peut pas ouvrir {} ; il a peut-être disparu.</translation>
    </message>
    <message>
      <source>The demo scene cannot be copied to {}: {}.</source>
      <translation>La scène de démonstration ne peut pas être copiée dans {} : {}.</translation>
    </message>
    <message>
      <source>Truth</source>
      <translation>Vérité terrain</translation>
    </message>
  </context>
  <context>
    <name>DerivedLayerControl</name>
    <message>
      <source>Step {} · changed since the coarse map</source>
      <translation>Pas {} · changé depuis la carte grossière</translation>
    </message>
    <message>
      <source>Step {} · changed since the last step</source>
      <translation>Pas {} · changé depuis le pas précédent</translation>
    </message>
    <message>
      <source>Step {} · uncertainty</source>
      <translation>Pas {} · incertitude</translation>
    </message>
    <message>
      <source>This is the coarse map, so nothing has changed yet. Make a step first.</source>
      <translation>C’est la carte grossière : rien n’a encore changé. Faites d’abord un pas.</translation>
    </message>
    <message>
      <source>Writing the layer…</source>
      <translation>Écriture de la couche…</translation>
    </message>
    <message>
      <source>{} was written, but QGIS cannot open it.</source>
      <translation>{} est écrit, mais QGIS ne peut pas l’ouvrir.</translation>
    </message>
  </context>
  <context>
    <name>EnvironmentDialog</name>
    <message>
      <source> · {} left</source>
      <translation> · encore {}</translation>
    </message>
    <message>
      <source>Any Python 3.10 or newer. It is not changed.</source>
      <translation>N’importe quel Python à partir de 3.10. Il reste tel quel.</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Annuler</translation>
    </message>
    <message>
      <source>Cancelled. Finished downloads are reused next time.</source>
      <translation>Annulé. Ce qui est déjà là servira la prochaine fois.</translation>
    </message>
    <message>
      <source>Compute on</source>
      <translation>Calculer sur</translation>
    </message>
    <message>
      <source>Create</source>
      <translation>Créer</translation>
    </message>
    <message>
      <source>Create Environment</source>
      <translation>Créer un environnement</translation>
    </message>
    <message>
      <source>Creates a separate Python environment for Map Refiner: downloads PyTorch and other libraries, and changes nothing else on this computer. This may take some minutes.</source>
      <translation>Crée un environnement Python pour Map Refiner seul : télécharge PyTorch et les bibliothèques voisines, et ne change rien d’autre sur cet ordinateur. Cela peut prendre quelques minutes.</translation>
    </message>
    <message>
      <source>Folder</source>
      <translation>Dossier</translation>
    </message>
    <message>
      <source>Folder of wheels</source>
      <translation>Dossier de wheels</translation>
    </message>
    <message>
      <source>For computers without a network: a folder with the wheels of all libraries, made elsewhere with “pip download”.</source>
      <translation>Pour les ordinateurs sans réseau : un dossier avec les wheels de toutes les bibliothèques, rempli ailleurs par « pip download ».</translation>
    </message>
    <message>
      <source>None found: choose one</source>
      <translation>Aucun trouvé : choisissez-en un</translation>
    </message>
    <message>
      <source>None: download</source>
      <translation>Aucun : télécharger</translation>
    </message>
    <message>
      <source>Open the log</source>
      <translation>Ouvrir le journal</translation>
    </message>
    <message>
      <source>Processor</source>
      <translation>Processeur</translation>
    </message>
    <message>
      <source>Progress</source>
      <translation>Progression</translation>
    </message>
    <message>
      <source>Python</source>
      <translation>Python</translation>
    </message>
    <message>
      <source>Searching…</source>
      <translation>Recherche en cours…</translation>
    </message>
    <message>
      <source>The build of PyTorch. The build for NVIDIA GPUs also runs on the processor, but is much larger.</source>
      <translation>La version de PyTorch. Celle pour GPU NVIDIA calcule aussi sur le processeur, mais est bien plus grande.</translation>
    </message>
    <message>
      <source>The driver {} of {} is too old for PyTorch. Version 550 or newer is needed to use this GPU.</source>
      <translation>Le pilote {} de {} est trop ancien pour PyTorch : il faut 550 ou plus récent pour calculer dessus.</translation>
    </message>
    <message>
      <source>The environment is ready.</source>
      <translation>L’environnement est créé.</translation>
    </message>
    <message>
      <source>The environment needs about {:.1f} GB, and {:.1f} GB during installation. {:.1f} GB are free there.</source>
      <translation>Il prendra environ {:.1f} Go, et {:.1f} Go pendant sa création ; {:.1f} Go y sont libres.</translation>
    </message>
    <message>
      <source>The folder of the environment. It lies outside the plugin, so that updates of the plugin keep it.</source>
      <translation>Où va l’environnement : hors de l’extension, pour qu’une mise à jour de celle-ci le garde.</translation>
    </message>
    <message>
      <source>{} (CUDA {}, driver {})</source>
      <translation>{} (CUDA {}, pilote {})</translation>
    </message>
  </context>
  <context>
    <name>ExportControl</name>
    <message>
      <source>Export</source>
      <translation>Exporter</translation>
    </message>
    <message>
      <source>Exporting polygons…</source>
      <translation>Export des polygones…</translation>
    </message>
    <message>
      <source>Exporting the raster…</source>
      <translation>Export du raster…</translation>
    </message>
    <message>
      <source>The class raster was written to {}.</source>
      <translation>Le raster des classes est écrit dans {}.</translation>
    </message>
    <message>
      <source>{} polygons were written to {}.</source>
      <translation>{} polygones sont écrits dans {}.</translation>
    </message>
    <message>
      <source>{} was written, but QGIS cannot open it.</source>
      <translation>{} est écrit, mais QGIS ne peut pas l’ouvrir.</translation>
    </message>
  </context>
  <context>
    <name>ExportSection</name>
    <message>
      <source> m</source>
      <translation> m</translation>
    </message>
    <message>
      <source> m²</source>
      <translation> m²</translation>
    </message>
    <message>
      <source>A GeoTIFF of class numbers at the image's original resolution.</source>
      <translation>Un GeoTIFF des numéros de classe à la résolution d'origine de l'image.</translation>
    </message>
    <message>
      <source>A file that ends in .gpkg, .shp or .geojson. The ending selects the format.</source>
      <translation>Un fichier en .gpkg, .shp ou .geojson ; la terminaison décide du format.</translation>
    </message>
    <message>
      <source>Add the exported layer to the project, styled by class.</source>
      <translation>Ajouter au projet ce qui est exporté, stylé par classe.</translation>
    </message>
    <message>
      <source>Add to map</source>
      <translation>Ajouter à la carte</translation>
    </message>
    <message>
      <source>Also write background polygons, so that the polygons cover the whole scene.</source>
      <translation>Écrire aussi les polygones du fond, pour que toute la scène soit couverte.</translation>
    </message>
    <message>
      <source>Choose a file</source>
      <translation>Nommez un fichier</translation>
    </message>
    <message>
      <source>Choose a file first.</source>
      <translation>Nommez d’abord un fichier.</translation>
    </message>
    <message>
      <source>Export</source>
      <translation>Exporter</translation>
    </message>
    <message>
      <source>Export Polygons</source>
      <translation>Exporter les polygones</translation>
    </message>
    <message>
      <source>Export Raster</source>
      <translation>Exporter le raster</translation>
    </message>
    <message>
      <source>GeoPackage (*.gpkg);;Shapefile (*.shp);;GeoJSON (*.geojson)</source>
      <translation>GeoPackage (*.gpkg);;Shapefile (*.shp);;GeoJSON (*.geojson)</translation>
    </message>
    <message>
      <source>GeoTIFF (*.tif)</source>
      <translation>GeoTIFF (*.tif)</translation>
    </message>
    <message>
      <source>Include background</source>
      <translation>Inclure le fond</translation>
    </message>
    <message>
      <source>Parts smaller than this, in square metres on the ground, are merged into their surroundings.</source>
      <translation>Les parties plus petites, en mètres carrés au sol, sont fondues dans ce qui les entoure.</translation>
    </message>
    <message>
      <source>Polygons</source>
      <translation>Polygones</translation>
    </message>
    <message>
      <source>Raster</source>
      <translation>Raster</translation>
    </message>
    <message>
      <source>Report…</source>
      <translation>Rapport…</translation>
    </message>
    <message>
      <source>Simplification</source>
      <translation>Simplification</translation>
    </message>
    <message>
      <source>Smallest part</source>
      <translation>Plus petite partie</translation>
    </message>
    <message>
      <source>The largest distance that an edge may move, in metres on the ground. Neighbours keep shared edges. 0: no simplification.</source>
      <translation>De combien un bord peut bouger, en mètres au sol. Les voisins gardent leurs bords communs. 0 : pas du tout.</translation>
    </message>
    <message>
      <source>Web page (*.html)</source>
      <translation>Page web (*.html)</translation>
    </message>
    <message>
      <source>Write Report</source>
      <translation>Écrire le rapport</translation>
    </message>
    <message>
      <source>Write a report of the run and its accuracy as a web page, with all figures in a CSV table next to it.</source>
      <translation>Écrire ce qui a été fait et avec quelle exactitude, dans une page pour le navigateur, avec tous les chiffres dans un tableau CSV à côté.</translation>
    </message>
    <message>
      <source>Write the class raster of the shown step.</source>
      <translation>Écrire le raster des classes du pas montré.</translation>
    </message>
    <message>
      <source>Write the polygons of the shown step with class, mean confidence and true area in square metres.</source>
      <translation>Écrire les polygones du pas montré avec classe, confiance moyenne et surface en vrais mètres carrés.</translation>
    </message>
  </context>
  <context>
    <name>FilterControl</name>
    <message>
      <source>Filtering the scene…</source>
      <translation>Filtrage de la scène…</translation>
    </message>
    <message>
      <source>The kind of this refiner is unknown.</source>
      <translation>On ne sait pas de quelle sorte est ce raffineur.</translation>
    </message>
    <message>
      <source>“{}” has no learned filters: it follows a formula.</source>
      <translation>« {} » n’a pas de filtres appris : il suit une formule.</translation>
    </message>
  </context>
  <context>
    <name>FilterLayers</name>
    <message>
      <source>Filters</source>
      <translation>Filtres</translation>
    </message>
    <message>
      <source>{} · step {}</source>
      <translation>{} · pas {}</translation>
    </message>
  </context>
  <context>
    <name>FineTuningControl</name>
    <message>
      <source>Fine-tuning · loss {:.3f}</source>
      <translation>Affinage · perte {:.3f}</translation>
    </message>
    <message>
      <source>Fine-tuning…</source>
      <translation>Affinage…</translation>
    </message>
    <message>
      <source>Mean IoU on the labels: {:.3f} before, {:.3f} now.</source>
      <translation>IoU moyen sur les étiquettes : {:.3f} avant, {:.3f} maintenant.</translation>
    </message>
    <message>
      <source>No improvement. Undo Fine-Tuning restores the earlier weights.</source>
      <translation>Il ne s’est pas amélioré : Désapprendre reprend les poids d’avant.</translation>
    </message>
    <message>
      <source>On the corrected pixels, the refiner alone was right for {:.0f} % before, and is right for {:.0f} % now.</source>
      <translation>Parmi les pixels corrigés, le raffineur seul en avait {:.0f} % de justes, et maintenant {:.0f} %.</translation>
    </message>
    <message>
      <source>Refining…</source>
      <translation>Raffinement…</translation>
    </message>
    <message>
      <source>The weights before the last fine-tuning are in use again.</source>
      <translation>Les poids d’avant le dernier apprentissage servent à nouveau.</translation>
    </message>
    <message>
      <source>This refiner is a formula without weights, so it cannot be fine-tuned. Choose a learned refiner, or train one.</source>
      <translation>Ce raffineur suit une formule et ne peut pas apprendre. Choisissez-en un appris, ou entraînez-en un.</translation>
    </message>
    <message>
      <source>{} + corrections {}</source>
      <translation>{} + corrections {}</translation>
    </message>
  </context>
  <context>
    <name>Footer</name>
    <message>
      <source> · {} left</source>
      <translation> · encore {}</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Annuler</translation>
    </message>
    <message>
      <source>Cancel the running task. Finished steps and labels are kept.</source>
      <translation>Abandonner ce qui est en cours. Les pas terminés et les étiquettes restent.</translation>
    </message>
    <message>
      <source>Help</source>
      <translation>Aide</translation>
    </message>
    <message>
      <source>Open the options of Map Refiner to create or choose the Python environment.</source>
      <translation>Ouvrir les options de Map Refiner, où se crée ou se choisit le Python qui calcule.</translation>
    </message>
    <message>
      <source>Open the user guide at the current section (F1).</source>
      <translation>Ouvrir le guide à la section où vous êtes (F1).</translation>
    </message>
    <message>
      <source>Progress</source>
      <translation>Progression</translation>
    </message>
    <message>
      <source>Ready.</source>
      <translation>Prêt.</translation>
    </message>
    <message>
      <source>Restart</source>
      <translation>Redémarrer</translation>
    </message>
    <message>
      <source>Restart the worker and reopen the scene with all finished steps.</source>
      <translation>Redémarrer le processus de calcul et rouvrir la scène avec tous ses pas terminés.</translation>
    </message>
    <message>
      <source>Running task</source>
      <translation>Ce qui est en cours</translation>
    </message>
    <message>
      <source>Set Up Python…</source>
      <translation>Préparer Python…</translation>
    </message>
    <message>
      <source>The networks need a separate Python with PyTorch. You set it up once; it takes a few minutes.</source>
      <translation>Les réseaux ont besoin d'un Python séparé avec PyTorch. Vous l'installez une seule fois, en quelques minutes.</translation>
    </message>
    <message>
      <source>The worker has stopped. Restart it to continue; finished steps are kept.</source>
      <translation>Le processus de calcul s’est arrêté. Redémarrez-le pour continuer ; les pas terminés sont gardés.</translation>
    </message>
    <message>
      <source>The worker is not responding. Wait, or restart it; finished steps are kept.</source>
      <translation>Le processus de calcul ne répond pas. Attendez, ou redémarrez-le ; les pas terminés sont gardés.</translation>
    </message>
    <message>
      <source>The worker is starting…</source>
      <translation>Le processus de calcul démarre…</translation>
    </message>
    <message>
      <source>Worker status</source>
      <translation>État du processus de calcul</translation>
    </message>
    <message>
      <source>{} · step {}</source>
      <translation>{} · pas {}</translation>
    </message>
  </context>
  <context>
    <name>IdentifyBox</name>
    <message>
      <source>Click a pixel on the map to see its class scores at every step.</source>
      <translation>Cliquer sur un pixel de la carte et voir les scores de ses classes à chaque pas.</translation>
    </message>
    <message>
      <source>Identify</source>
      <translation>Identifier</translation>
    </message>
    <message>
      <source>Scores of the pixel at each step</source>
      <translation>Scores du pixel à chaque pas</translation>
    </message>
    <message>
      <source>The pixel</source>
      <translation>Le pixel</translation>
    </message>
    <message>
      <source>The score of each class at this pixel, from 0 to 1, per step.</source>
      <translation>Le score de chaque classe en ce pixel, de 0 à 1, par pas.</translation>
    </message>
  </context>
  <context>
    <name>KernelDialog</name>
    <message>
      <source>Description</source>
      <translation>Ce qui est montré</translation>
    </message>
    <message>
      <source>Filter the scene with the checked kernels. Each response becomes a layer.</source>
      <translation>Filtrer la scène avec les noyaux cochés ; chacun devient une couche.</translation>
    </message>
    <message>
      <source>Filters of the Refiner</source>
      <translation>Filtres du raffineur</translation>
    </message>
    <message>
      <source>Kernels used to compute step {} from step {}: blue is negative, white is zero, red is positive. The responses of the checked kernels to step {} are on the map as layers until this window is closed.</source>
      <translation>Les noyaux appris qui font le pas {} du pas {} : bleu est négatif, blanc zéro, rouge positif. Ce que les noyaux cochés répondent au pas {} est sur la carte, en couches, jusqu’à la fermeture de cette fenêtre.</translation>
    </message>
    <message>
      <source>M: on the Score Map</source>
      <translation>M : sur la carte de scores</translation>
    </message>
    <message>
      <source>N: on the Image</source>
      <translation>N : sur l’image</translation>
    </message>
    <message>
      <source>N: on the Image, {} Bands Side by Side</source>
      <translation>N : sur l’image, {} bandes côte à côte</translation>
    </message>
    <message>
      <source>Score map of</source>
      <translation>Carte de scores de</translation>
    </message>
    <message>
      <source>Show as Layers</source>
      <translation>Montrer en couches</translation>
    </message>
    <message>
      <source>The class whose score map the M filters are applied to.</source>
      <translation>La classe dont les filtres M regardent les scores.</translation>
    </message>
  </context>
  <context>
    <name>LayerMenu</name>
    <message>
      <source>Choose a layer of a step first.</source>
      <translation>Choisissez d’abord la couche d’un pas.</translation>
    </message>
    <message>
      <source>Coarse Map</source>
      <translation>Carte grossière</translation>
    </message>
    <message>
      <source>Export Polygons</source>
      <translation>Exporter les polygones</translation>
    </message>
    <message>
      <source>Export Polygons of This Step…</source>
      <translation>Exporter les polygones de ce pas…</translation>
    </message>
    <message>
      <source>QGIS cannot open {} as a vector layer.</source>
      <translation>QGIS ne peut pas ouvrir {} comme couche vectorielle.</translation>
    </message>
    <message>
      <source>Refine</source>
      <translation>Raffiner</translation>
    </message>
    <message>
      <source>Show in Map Refiner</source>
      <translation>Montrer dans Map Refiner</translation>
    </message>
    <message>
      <source>Train</source>
      <translation>Entraîner</translation>
    </message>
    <message>
      <source>{} is not a model of Map Refiner.</source>
      <translation>{} n’est pas un modèle de Map Refiner.</translation>
    </message>
    <message>
      <source>{} is selected under {}.</source>
      <translation>{} est choisi dans {}.</translation>
    </message>
    <message>
      <source>“{}” was added to the map, but cannot be used for training: it has no text field “{}”.</source>
      <translation>« {} » est sur la carte, mais ne peut rien enseigner : elle n’a pas de champ texte « {} ».</translation>
    </message>
  </context>
  <context>
    <name>MapRefiner</name>
    <message>
      <source> (of the coarse map {:.3f})</source>
      <translation> (carte grossière : {:.3f})</translation>
    </message>
    <message>
      <source> of {:.3g} m</source>
      <translation> de {:.3g} m</translation>
    </message>
    <message>
      <source> or </source>
      <translation> ou </translation>
    </message>
    <message>
      <source> · best held-out mean IoU {:.3f}</source>
      <translation> · meilleur IoU moyen de validation {:.3f}</translation>
    </message>
    <message>
      <source> · held-out mean IoU {:.3f}</source>
      <translation> · IoU moyen de validation {:.3f}</translation>
    </message>
    <message>
      <source> · {} left</source>
      <translation> · encore {}</translation>
    </message>
    <message>
      <source>, coarse map {:.3f}</source>
      <translation>, carte grossière {:.3f}</translation>
    </message>
    <message>
      <source>, held-out mean IoU {:.3f}</source>
      <translation>, IoU moyen de validation {:.3f}</translation>
    </message>
    <message>
      <source>A band occurs twice in “{}”.</source>
      <translation>Une bande est nommée deux fois dans « {} ».</translation>
    </message>
    <message>
      <source>A cluster processes whole images. Clip the image first, or leave the area or the scheduler empty.</source>
      <translation>Une grappe travaille sur des images entières. Découpez d’abord l’image, ou laissez vide la zone ou l’ordonnanceur.</translation>
    </message>
    <message>
      <source>A file of weights. Empty: the shipped model.</source>
      <translation>Un fichier de poids. Vide : le modèle fourni.</translation>
    </message>
    <message>
      <source>A file of weights. Empty: the shipped refiner.</source>
      <translation>Un fichier de poids. Vide : le raffineur fourni.</translation>
    </message>
    <message>
      <source>A file with pretrained weights in the naming of torchvision. Only for the kinds on VGG-16.</source>
      <translation>Un fichier aux noms de torchvision, pour commencer ; seulement pour les sortes sur VGG-16.</translation>
    </message>
    <message>
      <source>About {:.1f} GB are needed in {}, and {:.1f} GB are free.</source>
      <translation>Il faut environ {:.1f} Go dans {}, et {:.1f} Go sont libres.</translation>
    </message>
    <message>
      <source>All figures are also in {}.</source>
      <translation>Tous les chiffres sont aussi dans {}.</translation>
    </message>
    <message>
      <source>All polygons of “{}” lie outside the scene.</source>
      <translation>Tous les polygones de « {} » sont hors de la scène.</translation>
    </message>
    <message>
      <source>All steps</source>
      <translation>Tous les pas</translation>
    </message>
    <message>
      <source>Also classify at 0.6 and 0.8 of the image's size. Only for models of the kind lrr; three times as slow.</source>
      <translation>Aussi à 0,6 et 0,8 de la taille de l’image ; pour les modèles de la sorte lrr. Trois fois plus lent.</translation>
    </message>
    <message>
      <source>Anisotropic diffusion</source>
      <translation>Diffusion anisotrope</translation>
    </message>
    <message>
      <source>Area</source>
      <translation>Zone</translation>
    </message>
    <message>
      <source>Area (ha)</source>
      <translation>Surface (ha)</translation>
    </message>
    <message>
      <source>Area (m²)</source>
      <translation>Surface (m²)</translation>
    </message>
    <message>
      <source>Areas are pixel counts times the ground area of a pixel at the centre of the scene.</source>
      <translation>Les pixels sont comptés, et un pixel est mesuré au sol au centre de la scène.</translation>
    </message>
    <message>
      <source>Areas at step {}</source>
      <translation>Surfaces au pas {}</translation>
    </message>
    <message>
      <source>Assigns nearby pixels of similar colour to the same class.</source>
      <translation>Les pixels proches et de couleur semblable sont attirés vers la même classe.</translation>
    </message>
    <message>
      <source>Bands</source>
      <translation>Bandes</translation>
    </message>
    <message>
      <source>Best step</source>
      <translation>Meilleur pas</translation>
    </message>
    <message>
      <source>Boundary IoU {}</source>
      <translation>IoU des contours {}</translation>
    </message>
    <message>
      <source>Buildings</source>
      <translation>Bâtiments</translation>
    </message>
    <message>
      <source>Cancelled.</source>
      <translation>Annulé.</translation>
    </message>
    <message>
      <source>Changed pixels</source>
      <translation>Pixels changés</translation>
    </message>
    <message>
      <source>Checking Python</source>
      <translation>Examen du Python</translation>
    </message>
    <message>
      <source>Choose a folder outside the plugin: an update replaces the plugin folder.</source>
      <translation>Choisissez un dossier hors de celui de l’extension, qu’une mise à jour remplace.</translation>
    </message>
    <message>
      <source>Choose a raster layer first.</source>
      <translation>Choisissez d’abord une couche raster.</translation>
    </message>
    <message>
      <source>Choose the Python that creates the environment: 3.10 or newer.</source>
      <translation>Choisissez le Python qui doit créer l’environnement : 3.10 ou plus récent.</translation>
    </message>
    <message>
      <source>Class</source>
      <translation>Classe</translation>
    </message>
    <message>
      <source>Class map</source>
      <translation>Carte des classes</translation>
    </message>
    <message>
      <source>Class-agnostic</source>
      <translation>Indépendant des classes</translation>
    </message>
    <message>
      <source>Classifies each pixel from the 32 x 32 pixels around it with few weights: for few labels, and slow to apply.</source>
      <translation>Classe chaque pixel d’après les 32 x 32 pixels qui l’entourent, avec peu de poids : pour de petits jeux d’étiquettes, et lent à utiliser.</translation>
    </message>
    <message>
      <source>Classify image</source>
      <translation>Classer une image</translation>
    </message>
    <message>
      <source>Coarse model</source>
      <translation>Modèle grossier</translation>
    </message>
    <message>
      <source>Coarse {}</source>
      <translation>Grossière {}</translation>
    </message>
    <message>
      <source>Computing on {}, with Python {} and PyTorch {}</source>
      <translation>Calcul sur {}, avec Python {} et PyTorch {}</translation>
    </message>
    <message>
      <source>Confusion matrix of step {}</source>
      <translation>Matrice de confusion du pas {}</translation>
    </message>
    <message>
      <source>Converts a score raster to polygons of the most probable class. Neighbours share their edges, without gaps or overlaps; each polygon has its true area and mean probability.

Parts below the smallest area are merged into their largest neighbour. The tolerance simplifies all outlines, including shared edges. GeoPackage, Shapefile or GeoJSON, by the ending of the file.</source>
      <translation>Transforme un raster de scores en polygones de sa meilleure classe : les voisins partagent leurs bords, sans trous ni recouvrements, avec les surfaces vraies et la probabilité moyenne et minimale de chacun.

Les parties plus petites que la plus petite surface vont à leur plus grand voisin. Les contours sont simplifiés selon la tolérance, les bords communs de même. GeoPackage, Shapefile ou GeoJSON, selon la terminaison du fichier.</translation>
    </message>
    <message>
      <source>Convolutional network</source>
      <translation>Réseau convolutif</translation>
    </message>
    <message>
      <source>Corrections: {}</source>
      <translation>Corrections : {}</translation>
    </message>
    <message>
      <source>Creating the environment</source>
      <translation>Création de l’environnement</translation>
    </message>
    <message>
      <source>Dask scheduler</source>
      <translation>Ordonnanceur Dask</translation>
    </message>
    <message>
      <source>Dense CRF</source>
      <translation>CRF dense</translation>
    </message>
    <message>
      <source>Each pixel combines its class probabilities with the probabilities of its neighbours.</source>
      <translation>Chaque pixel joint les opinions de ses voisins à la sienne.</translation>
    </message>
    <message>
      <source>Empty: the bands shown as red, green and blue, or the first three.</source>
      <translation>Vide : celles qui sont montrées en rouge, vert et bleu, ou les trois premières.</translation>
    </message>
    <message>
      <source>Evaluate accuracy</source>
      <translation>Mesurer l’exactitude</translation>
    </message>
    <message>
      <source>Evaluates score rasters against labels: overall accuracy, mean IoU, the IoU of each class, and the boundary IoU within two pixels of the outlines. The log lists them; the report, a JSON file, also has the confusion matrices and other distances. The returned numbers belong to the last raster.

The labels are polygons with a text field &lt;i&gt;class&lt;/i&gt; (the classes, &lt;i&gt;tile&lt;/i&gt;, &lt;i&gt;ignore&lt;/i&gt;), or a raster of class indices with background 0 and unlabelled 255. Scores are optimistic on labels that the refiner was trained on.</source>
      <translation>Mesure des rasters de scores avec des étiquettes : exactitude globale, IoU moyen, IoU de chaque classe, et celui de ce qui se trouve à moins de deux pixels des contours. Le journal les énumère ; le rapport, un fichier JSON, contient aussi les matrices de confusion et d’autres distances. Les nombres rendus sont ceux du dernier raster.

Les étiquettes sont des polygones avec un champ texte &lt;i&gt;class&lt;/i&gt; (les classes, &lt;i&gt;tile&lt;/i&gt;, &lt;i&gt;ignore&lt;/i&gt;), ou un raster d’indices de classe, fond 0, non étiqueté 255. Les étiquettes dont un raffineur a appris le flattent.</translation>
    </message>
    <message>
      <source>Extended</source>
      <translation>Étendu</translation>
    </message>
    <message>
      <source>FCN-8s on its original large backbone, for three bands; needs pretrained weights and a GPU.</source>
      <translation>FCN-8s sur le grand réseau pour lequel il a été conçu, pour trois bandes : partez de ses poids ; pour un GPU.</translation>
    </message>
    <message>
      <source>Faithful</source>
      <translation>Fidèle</translation>
    </message>
    <message>
      <source>Field with the class</source>
      <translation>Champ de la classe</translation>
    </message>
    <message>
      <source>Finds patterns in the spectrum and processes them in sequence (Wu and Prasad 2017); refine its map with the opinion pool.</source>
      <translation>Cherche des formes dans le spectre et les lit dans l’ordre (Wu et Prasad 2017) ; à raffiner par la mise en commun d’opinions.</translation>
    </message>
    <message>
      <source>Finds patterns in the spectrum with 1-D convolutions (Hu et al. 2015); fast to apply.</source>
      <translation>Cherche des formes dans le spectre (Hu et al. 2015), et est rapide à utiliser.</translation>
    </message>
    <message>
      <source>Fine-tunes the shipped model, which was pretrained on photographs and aerial images: accurate with few labels, for colour images of 0.25-1 m.</source>
      <translation>Affine le modèle fourni, préentraîné sur des photographies et des images aériennes : précis avec peu d'étiquettes, pour des images en couleurs de 0,25 à 1 m.</translation>
    </message>
    <message>
      <source>For colour images of 0.25-1 m: scores at a stride of 32 pixels, refined by scores at strides 16 and 8 (Long et al. 2015); it has a larger context than the paper's network and finds more, but is slower.</source>
      <translation>Pour les images en couleurs de 0,25 à 1 m : des scores au pas de 32 pixels, affinés par ceux de 16 et de 8 (Long et al. 2015) ; il voit plus loin que le réseau de l'article et trouve plus de choses, mais met plus de temps à classer.</translation>
    </message>
    <message>
      <source>For kinds without weights: the number of parameter values to try. Empty: the default of the kind.</source>
      <translation>Ou paramètres à essayer, pour les sortes sans poids. Vide : autant qu’il en faut à la sorte.</translation>
    </message>
    <message>
      <source>Fractions from 0 to 1, against the labels chosen under Train. Scores are optimistic where the model was trained on these labels. The boundary IoU covers the pixels within 2 pixels of the outlines.</source>
      <translation>Fractions de 0 à 1, par rapport aux étiquettes choisies dans Enseigner. Là où un modèle a été entraîné sur les mêmes étiquettes, elles le flattent. L’IoU des contours est à moins de 2 pixels des contours.</translation>
    </message>
    <message>
      <source>Further steps no longer help: {}.</source>
      <translation>Continuer n’aide plus : {}.</translation>
    </message>
    <message>
      <source>Geodesic contour</source>
      <translation>Contour géodésique</translation>
    </message>
    <message>
      <source>Heat flow</source>
      <translation>Flux de chaleur</translation>
    </message>
    <message>
      <source>Held-out mean IoU</source>
      <translation>IoU moyen de validation</translation>
    </message>
    <message>
      <source>Held-out mean IoU of the coarse map</source>
      <translation>IoU moyen de validation de la carte grossière</translation>
    </message>
    <message>
      <source>Held-out mean IoU: {:.3f} for the coarse map, {} after each step. Stop at step {}.</source>
      <translation>IoU moyen de validation : {:.3f} pour la carte grossière, {} après chaque pas ; arrêtez au pas {}.</translation>
    </message>
    <message>
      <source>Image</source>
      <translation>Image</translation>
    </message>
    <message>
      <source>Include background</source>
      <translation>Écrire aussi le fond</translation>
    </message>
    <message>
      <source>Installing PyTorch</source>
      <translation>Installation de PyTorch</translation>
    </message>
    <message>
      <source>Installing the other libraries</source>
      <translation>Installation des autres bibliothèques</translation>
    </message>
    <message>
      <source>IoU {}</source>
      <translation>IoU {}</translation>
    </message>
    <message>
      <source>Kind</source>
      <translation>Sorte</translation>
    </message>
    <message>
      <source>LRR on its original large backbone, for three bands; needs pretrained weights and a GPU.</source>
      <translation>LRR sur le grand réseau pour lequel il a été conçu, pour trois bandes : partez de ses poids ; pour un GPU.</translation>
    </message>
    <message>
      <source>Labelled pixels.</source>
      <translation>Pixels étiquetés.</translation>
    </message>
    <message>
      <source>Labels</source>
      <translation>Étiquettes</translation>
    </message>
    <message>
      <source>Look at several scales</source>
      <translation>Regarder à plusieurs échelles</translation>
    </message>
    <message>
      <source>Loss {:.3f}</source>
      <translation>Perte {:.3f}</translation>
    </message>
    <message>
      <source>Made by</source>
      <translation>Fait par</translation>
    </message>
    <message>
      <source>Make a coarse map first.</source>
      <translation>Faites d’abord une carte grossière.</translation>
    </message>
    <message>
      <source>Makes a coarse map of an image with a trained model: a raster with one band of probabilities per class, background first, on the image's own pixels.

The shipped model finds buildings and roads in three colour bands of aerial images of 0.25-1 m. &lt;i&gt;Train coarse model&lt;/i&gt; makes other models. The result is the input of &lt;i&gt;Refine scores&lt;/i&gt;.</source>
      <translation>Fait une carte grossière d’une image avec un modèle entraîné : un raster avec une bande de probabilités par classe, le fond d’abord, sur les pixels de l’image.

Le modèle fourni trouve bâtiments et routes dans trois bandes de couleur d’images aériennes de 0,25 à 1 m. D’autres viennent de &lt;i&gt;Entraîner un modèle grossier&lt;/i&gt;. Le résultat est le point de départ de &lt;i&gt;Raffiner des scores&lt;/i&gt;.</translation>
    </message>
    <message>
      <source>Map</source>
      <translation>Carte</translation>
    </message>
    <message>
      <source>Map Refiner</source>
      <translation>Map Refiner</translation>
    </message>
    <message>
      <source>Map Refiner, {}</source>
      <translation>Map Refiner, {}</translation>
    </message>
    <message>
      <source>Map Refiner: report</source>
      <translation>Map Refiner : rapport</translation>
    </message>
    <message>
      <source>Maximum, for spectral kinds. Empty: the default.</source>
      <translation>Pour les sortes qui apprennent de spectres isolés, au plus. Vide : le nombre habituel.</translation>
    </message>
    <message>
      <source>Mean IoU</source>
      <translation>IoU moyen</translation>
    </message>
    <message>
      <source>Mean boundary IoU</source>
      <translation>IoU moyen des contours</translation>
    </message>
    <message>
      <source>Measured gain: {:+.1f} points of mean IoU, rank {} of {}.</source>
      <translation>Gain mesuré : {:+.1f} points d’IoU moyen, rang {} sur {}.</translation>
    </message>
    <message>
      <source>Method</source>
      <translation>Méthode</translation>
    </message>
    <message>
      <source>Models and settings</source>
      <translation>Modèles et réglages</translation>
    </message>
    <message>
      <source>No Python with PyTorch was found. Choose one, or create an environment, in Settings &gt; Options &gt; Map Refiner.</source>
      <translation>Aucun Python avec PyTorch n’a été trouvé pour le processus de calcul. Choisissez-en un dans Préférences &gt; Options &gt; Map Refiner.</translation>
    </message>
    <message>
      <source>No better than the previous refiner: held-out mean IoU {:.3f}, before {:.3f}. The previous refiner stays selected.</source>
      <translation>Pas meilleur que le raffineur d’avant : IoU moyen de validation {:.3f}, avant {:.3f}. Celui-là reste choisi.</translation>
    </message>
    <message>
      <source>No good band lies in {}.</source>
      <translation>Aucune bonne bande n’est dans {}.</translation>
    </message>
    <message>
      <source>No layer is given. Choose buildings, roads, polygons of any classes, or labels.</source>
      <translation>Aucune couche n’est donnée. Donnez des bâtiments, des routes, des polygones de classes quelconques, ou des étiquettes.</translation>
    </message>
    <message>
      <source>No score raster is given.</source>
      <translation>Aucun raster de scores n’est donné.</translation>
    </message>
    <message>
      <source>Number of polygons</source>
      <translation>Nombre de polygones</translation>
    </message>
    <message>
      <source>Opinion pool</source>
      <translation>Mise en commun d’opinions</translation>
    </message>
    <message>
      <source>Or labels</source>
      <translation>Ou des étiquettes</translation>
    </message>
    <message>
      <source>Outline map view</source>
      <translation>Contour de la vue</translation>
    </message>
    <message>
      <source>Outside the scene and ignored: {}.</source>
      <translation>Hors de la scène, et laissées de côté : {}.</translation>
    </message>
    <message>
      <source>Overall accuracy</source>
      <translation>Exactitude globale</translation>
    </message>
    <message>
      <source>Patches: LeNet</source>
      <translation>Vignettes : LeNet</translation>
    </message>
    <message>
      <source>Perona-Malik</source>
      <translation>Perona-Malik</translation>
    </message>
    <message>
      <source>Pixel size</source>
      <translation>Taille des pixels</translation>
    </message>
    <message>
      <source>Pixels</source>
      <translation>Pixels</translation>
    </message>
    <message>
      <source>Pixels per class</source>
      <translation>Pixels par classe</translation>
    </message>
    <message>
      <source>Polygons</source>
      <translation>Polygones</translation>
    </message>
    <message>
      <source>Polygons of any classes</source>
      <translation>Polygones de classes quelconques</translation>
    </message>
    <message>
      <source>Pretrained refiner</source>
      <translation>Raffineur pré-entraîné</translation>
    </message>
    <message>
      <source>Pretrained: U-Net on EfficientNet-Lite0</source>
      <translation>Préentraîné : U-Net sur EfficientNet-Lite0</translation>
    </message>
    <message>
      <source>Processes the bands in sequence with a memory cell: a third more weights than the GRU.</source>
      <translation>Lit les bandes l’une après l’autre avec une cellule de mémoire : un tiers de poids de plus que le GRU.</translation>
    </message>
    <message>
      <source>Processes the bands of a pixel in sequence (Mou et al. 2017): for many bands, and slow to train.</source>
      <translation>Lit les bandes d’un pixel l’une après l’autre (Mou et al. 2017) : pour de nombreuses bandes, et lent à entraîner.</translation>
    </message>
    <message>
      <source>Pyramid: FCN-16s</source>
      <translation>Pyramide : FCN-16s</translation>
    </message>
    <message>
      <source>Pyramid: FCN-32s</source>
      <translation>Pyramide : FCN-32s</translation>
    </message>
    <message>
      <source>Pyramid: FCN-8s</source>
      <translation>Pyramide : FCN-8s</translation>
    </message>
    <message>
      <source>Pyramid: FCN-8s on VGG-16</source>
      <translation>Pyramide : FCN-8s sur VGG-16</translation>
    </message>
    <message>
      <source>Pyramid: LRR</source>
      <translation>Pyramide : LRR</translation>
    </message>
    <message>
      <source>Pyramid: LRR on VGG-16</source>
      <translation>Pyramide : LRR sur VGG-16</translation>
    </message>
    <message>
      <source>Random seed</source>
      <translation>Graine aléatoire</translation>
    </message>
    <message>
      <source>Reconstructs each class from shapes learned from the labels, and adds finer levels where the coarser ones are uncertain (Ghiasi and Fowlkes 2016); the slowest to train.</source>
      <translation>Construit chaque classe de formes apprises des étiquettes, et en ajoute de plus fines là où les grossières hésitent (Ghiasi et Fowlkes 2016) : le plus lent à entraîner.</translation>
    </message>
    <message>
      <source>Refine scores</source>
      <translation>Raffiner des scores</translation>
    </message>
    <message>
      <source>Refined scores</source>
      <translation>Scores raffinés</translation>
    </message>
    <message>
      <source>Refiner</source>
      <translation>Raffineur</translation>
    </message>
    <message>
      <source>Refines the scores of a coarse map step by step, each step from the previous scores and the image, and writes the last step: its scores, and optionally its class map. Choose a folder to get the scores of all steps, starting with step_000.tif (the input scores).

The scores come from &lt;i&gt;Classify image&lt;/i&gt;, or from any raster with one band of probabilities, percentages, bytes or raw scores per class, background first.

The method &lt;b&gt;weights&lt;/b&gt; is a trained refiner: from &lt;i&gt;Train refiner&lt;/i&gt;, or the shipped one. The other methods need no training:</source>
      <translation>Raffine les scores d’une carte grossière pas à pas, chaque pas à partir des scores précédents et de l’image, et écrit le dernier pas : ses scores et, si vous voulez, sa carte des classes. Nommez un dossier pour obtenir les scores de tous les pas, à partir de step_000.tif (les scores tels quels).

Les scores sont ceux de &lt;i&gt;Classer une image&lt;/i&gt;, ou tout raster avec une bande de probabilités, de pourcentages, d’octets ou de scores bruts par classe, le fond d’abord.

La méthode &lt;b&gt;weights&lt;/b&gt; est un raffineur entraîné : par &lt;i&gt;Entraîner un raffineur&lt;/i&gt;, ou celui qui est fourni. D’autres n’ont pas besoin d’apprendre :</translation>
    </message>
    <message>
      <source>Report</source>
      <translation>Rapport</translation>
    </message>
    <message>
      <source>Roads</source>
      <translation>Routes</translation>
    </message>
    <message>
      <source>Run to End goes there from the coarse map.</source>
      <translation>À la fin vous y mène depuis la carte grossière.</translation>
    </message>
    <message>
      <source>Running on the cluster at {}</source>
      <translation>Calcul sur la grappe à {}</translation>
    </message>
    <message>
      <source>Scene</source>
      <translation>Scène</translation>
    </message>
    <message>
      <source>Scores</source>
      <translation>Scores</translation>
    </message>
    <message>
      <source>Scores of the coarse map</source>
      <translation>Scores de la carte grossière</translation>
    </message>
    <message>
      <source>Scores to polygons</source>
      <translation>Scores vers polygones</translation>
    </message>
    <message>
      <source>Separates pairs of classes with a radial kernel: strong with few labels, slow with many; needs scikit-learn.</source>
      <translation>Sépare les classes deux à deux avec un noyau radial : fort avec peu d’étiquettes, lent avec beaucoup ; demande scikit-learn.</translation>
    </message>
    <message>
      <source>Share</source>
      <translation>Part</translation>
    </message>
    <message>
      <source>Size</source>
      <translation>Taille</translation>
    </message>
    <message>
      <source>Smallest area, in square metres</source>
      <translation>Plus petite surface, en mètres carrés</translation>
    </message>
    <message>
      <source>Smooths scores along the edges of the image, and hardly across them.</source>
      <translation>Les scores s’égalisent le long des bords de l’image, et à peine en travers.</translation>
    </message>
    <message>
      <source>Smooths scores by heat flow, but hardly across edges of the image.</source>
      <translation>Les scores s’égalisent comme la chaleur, mais à peine là où l’image a un bord.</translation>
    </message>
    <message>
      <source>Smooths scores by heat flow, independent of the image: it removes noise, and also corners.</source>
      <translation>Les scores s’égalisent comme la chaleur, quoi que montre l’image : le bruit s’en va, et les coins aussi.</translation>
    </message>
    <message>
      <source>Smooths the outlines of the classes and attracts them to edges of the image.</source>
      <translation>Les contours des classes deviennent lisses et sont attirés par les bords dans l’image.</translation>
    </message>
    <message>
      <source>Spectra: 1-D convolutions</source>
      <translation>Spectres : convolutions 1-D</translation>
    </message>
    <message>
      <source>Spectra: GRU, PRetanh</source>
      <translation>Spectres : GRU, PRetanh</translation>
    </message>
    <message>
      <source>Spectra: GRU, ReLU</source>
      <translation>Spectres : GRU, ReLU</translation>
    </message>
    <message>
      <source>Spectra: GRU, one PRetanh slope</source>
      <translation>Spectres : GRU, une seule pente PRetanh</translation>
    </message>
    <message>
      <source>Spectra: GRU, tanh</source>
      <translation>Spectres : GRU, tanh</translation>
    </message>
    <message>
      <source>Spectra: LSTM</source>
      <translation>Spectres : LSTM</translation>
    </message>
    <message>
      <source>Spectra: convolutions, then LSTM</source>
      <translation>Spectres : convolutions, puis LSTM</translation>
    </message>
    <message>
      <source>Spectra: random forest</source>
      <translation>Spectres : forêt aléatoire</translation>
    </message>
    <message>
      <source>Spectra: support vector machine</source>
      <translation>Spectres : machine à vecteurs de support</translation>
    </message>
    <message>
      <source>Starting the worker</source>
      <translation>Démarrage du processus de calcul</translation>
    </message>
    <message>
      <source>Step</source>
      <translation>Pas</translation>
    </message>
    <message>
      <source>Step 0, the coarse map</source>
      <translation>Pas 0, la carte grossière</translation>
    </message>
    <message>
      <source>Step {}</source>
      <translation>Pas {}</translation>
    </message>
    <message>
      <source>Step {}: {:.2%} of the pixels changed</source>
      <translation>Pas {} : {:.2%} des pixels changés</translation>
    </message>
    <message>
      <source>Steps</source>
      <translation>Pas</translation>
    </message>
    <message>
      <source>The Python at {python} could not be started. Choose another one in Settings &gt; Options &gt; Map Refiner.</source>
      <translation>Le Python {python} n’a pas pu être démarré. Choisissez-en un autre dans Préférences &gt; Options &gt; Map Refiner.</translation>
    </message>
    <message>
      <source>The Python at {python} could not load a library that PyTorch needs. On Windows, install the Microsoft Visual C++ Redistributable.</source>
      <translation>Le Python {python} n’a pas pu charger une bibliothèque dont PyTorch a besoin. Sous Windows, installez Microsoft Visual C++ Redistributable.</translation>
    </message>
    <message>
      <source>The Python at {python} has no module “{module}”. Install it there, or choose another Python in Settings &gt; Options &gt; Map Refiner.</source>
      <translation>Le Python {python} n’a pas le module « {module} ». Installez-l’y, ou choisissez un autre Python dans Préférences &gt; Options &gt; Map Refiner.</translation>
    </message>
    <message>
      <source>The accuracy was not evaluated. Choose labels under Train and click Evaluate.</source>
      <translation>L’exactitude n’a pas été mesurée : il faut des étiquettes, et un clic sur Mesurer dans Enseigner.</translation>
    </message>
    <message>
      <source>The address of a Dask cluster, such as tcp://HOST:8786. Its workers need access to the files. Empty: the address in Settings &gt; Options &gt; Map Refiner, or else this computer.</source>
      <translation>L’adresse d’une grappe Dask où calculer, comme tcp://HOST:8786 ; ses processus doivent voir les fichiers. Vide : celle de Préférences &gt; Options &gt; Map Refiner, ou cette machine si aucune n’y est indiquée.</translation>
    </message>
    <message>
      <source>The area cannot be transformed from {} to {}.</source>
      <translation>La zone ne peut pas être amenée de {} à {}.</translation>
    </message>
    <message>
      <source>The area does not intersect the layer “{}”. Move the map, or draw another area.</source>
      <translation>La zone ne touche pas la couche « {} ». Déplacez la carte, ou redessinez.</translation>
    </message>
    <message>
      <source>The class raster of step {} is missing or damaged: {}</source>
      <translation>Le raster de classes du pas {} a disparu ou est endommagé : {}</translation>
    </message>
    <message>
      <source>The coarse map is shown. Label more, and more precisely, and train again; or export the coarse map.</source>
      <translation>La carte grossière est montrée. Étiquetez davantage, et plus exactement, puis entraînez encore ; ou exportez la carte grossière.</translation>
    </message>
    <message>
      <source>The coarse network of the paper, for colour images of 0.25-1 m: a context of 30 pixels, fast, and tolerant of shifted or incomplete vectors.</source>
      <translation>Le réseau grossier de l'article, pour les images en couleurs de 0,25 à 1 m : il regarde 30 pixels alentour, est rapide, et supporte des vecteurs décalés ou incomplets.</translation>
    </message>
    <message>
      <source>The corrections {} cannot be opened.</source>
      <translation>Les corrections {} ne peuvent pas être ouvertes.</translation>
    </message>
    <message>
      <source>The disk is full. Make room, or choose a folder on another disk.</source>
      <translation>Le disque est plein. Faites de la place, ou choisissez un dossier sur un autre disque.</translation>
    </message>
    <message>
      <source>The environment could not be created. {}</source>
      <translation>L’environnement n’a pas pu être créé. {}</translation>
    </message>
    <message>
      <source>The environment was created, but contains no Python.</source>
      <translation>L’environnement est créé, mais il ne contient pas de Python.</translation>
    </message>
    <message>
      <source>The field “{}” has {} distinct values; 1 to {} classes are needed.</source>
      <translation>Le champ « {} » a {} valeurs distinctes ; il faut de 1 à {} classes.</translation>
    </message>
    <message>
      <source>The file of the layer “{}” is missing: {}</source>
      <translation>Le fichier de la couche « {} » a disparu : {}</translation>
    </message>
    <message>
      <source>The file {} cannot be written: {}</source>
      <translation>Le fichier {} ne peut pas être écrit : {}</translation>
    </message>
    <message>
      <source>The folder is not writable, or a file in it is in use. Choose another folder.</source>
      <translation>Le dossier ne peut pas être écrit, ou un de ses fichiers est utilisé. Choisissez-en un autre.</translation>
    </message>
    <message>
      <source>The folder of the run is missing: {}. Restore it, or make a coarse map again.</source>
      <translation>Le dossier du traitement a disparu : {}. Remettez-le en place, ou refaites une carte grossière.</translation>
    </message>
    <message>
      <source>The folder {} cannot be created: {}</source>
      <translation>Le dossier {} ne peut pas être créé : {}</translation>
    </message>
    <message>
      <source>The image has no CRS, so areas on the ground are unknown.</source>
      <translation>L’image n’a pas de SCR : les surfaces au sol sont inconnues.</translation>
    </message>
    <message>
      <source>The image has no CRS, so the image's own pixels are used.</source>
      <translation>L’image n’a pas de SCR ; le travail se fait sur ses propres pixels.</translation>
    </message>
    <message>
      <source>The kind {} has no VGG-16 backbone; {} have one.</source>
      <translation>La sorte {} ne peut pas commencer par les poids de VGG-16 ; {} le peuvent.</translation>
    </message>
    <message>
      <source>The labelled tile {} cannot be opened.</source>
      <translation>La tuile étiquetée {} ne peut pas être ouverte.</translation>
    </message>
    <message>
      <source>The labels of “{}” cannot be saved: {}</source>
      <translation>Les étiquettes de « {} » ne peuvent pas être enregistrées : {}</translation>
    </message>
    <message>
      <source>The layer has no wavelengths. Enter band numbers instead.</source>
      <translation>La couche ne dit pas les longueurs d’onde de ses bandes. Écrivez leurs numéros.</translation>
    </message>
    <message>
      <source>The layer “{}” cannot be copied for the worker: {}</source>
      <translation>La couche « {} » ne peut pas être copiée pour le processus de calcul : {}</translation>
    </message>
    <message>
      <source>The layer “{}” cannot be edited.</source>
      <translation>La couche « {} » ne peut pas être modifiée.</translation>
    </message>
    <message>
      <source>The layer “{}” has labels of only one class. Also draw {} inside the tile.</source>
      <translation>La couche « {} » n’étiquette qu’une seule classe. Dessinez aussi {} dans la tuile.</translation>
    </message>
    <message>
      <source>The layer “{}” has no polygons yet. Draw a “tile” and the objects inside it.</source>
      <translation>La couche « {} » n’a pas encore de polygones. Dessinez une « tile » et ce qu’elle contient.</translation>
    </message>
    <message>
      <source>The layer “{}” has no text field “class” with the class of each polygon.</source>
      <translation>La couche « {} » n’a pas de champ texte « class », qui dit ce qu’est chaque polygone.</translation>
    </message>
    <message>
      <source>The layer “{}” has no text field “class”. Use New Labelled Tile, or add the field with the class of each polygon.</source>
      <translation>La couche « {} » n’a pas de champ texte « class ». Utilisez Nouvelle tuile, ou ajoutez le champ avec la classe de chaque polygone.</translation>
    </message>
    <message>
      <source>The layer “{}” has no “tile” polygon in the scene. Draw one around the labelled area; anything left unlabelled inside it counts as {}.</source>
      <translation>La couche « {} » n’a pas de polygone « tile » dans la scène. Dessinez-en un autour de ce que vous avez étiqueté ; ce qui y reste nu compte comme {}.</translation>
    </message>
    <message>
      <source>The layer “{}” has unsaved edits. Save or discard them.</source>
      <translation>La couche « {} » a des modifications non enregistrées. Enregistrez-les ou abandonnez-les.</translation>
    </message>
    <message>
      <source>The layer “{}” is a web service or lies in memory, not in a file. Save it with Export &gt; Save As…, then choose the file.</source>
      <translation>La couche « {} » n’est pas un fichier raster : le processus de calcul ne peut pas la lire. Enregistrez-la avec Exporter &gt; Enregistrer sous…, puis choisissez le fichier.</translation>
    </message>
    <message>
      <source>The layer “{}” is a web service or lies in memory, not in a file. Save it with Export &gt; Save Features As…, then choose the file.</source>
      <translation>La couche « {} » n’est pas un fichier : le processus de calcul ne peut pas la lire. Enregistrez-la avec Exporter &gt; Sauvegarder les entités sous…, puis choisissez le fichier.</translation>
    </message>
    <message>
      <source>The layer “{}” is not valid. Its file may be missing.</source>
      <translation>La couche « {} » n’est pas valide ; son fichier a peut-être disparu.</translation>
    </message>
    <message>
      <source>The learned network as published by Maggiori et al. (2017): each class is refined separately, from its own scores and the image.</source>
      <translation>Le réseau appris tel que Maggiori et al. (2017) l’ont publié : chaque classe est raffinée seule, à partir de ses propres scores et de l’image.</translation>
    </message>
    <message>
      <source>The learned network of the paper, extended: classes interact, each step has a larger context, pixels have a hidden state, and the steps converge.</source>
      <translation>Le réseau appris de l’article, étendu : les classes se voient, un pas regarde plus loin, chaque pixel se souvient de quelque chose, et les pas s’éteignent.</translation>
    </message>
    <message>
      <source>The map does not show the scene. Move it there first.</source>
      <translation>La carte ne montre pas la scène. Amenez-la d’abord à cet endroit.</translation>
    </message>
    <message>
      <source>The network blocks the download. Ask your network administrator, or install from a folder of wheels.</source>
      <translation>Le réseau interdit le téléchargement. Demandez à qui le gère, ou installez depuis un dossier de wheels.</translation>
    </message>
    <message>
      <source>The network is not reachable. Try again, set the proxy in Settings &gt; Options &gt; Network, or install from a folder of wheels.</source>
      <translation>Le réseau n’est pas joignable. Réessayez, réglez le mandataire dans Préférences &gt; Options &gt; Réseau, ou installez depuis un dossier de wheels.</translation>
    </message>
    <message>
      <source>The network presents a certificate that Python does not trust, as inspecting proxies do. Ask your network administrator, or install from a folder of wheels.</source>
      <translation>Le réseau répond avec un certificat auquel Python ne se fie pas, comme le font les mandataires qui inspectent. Demandez à qui gère le réseau, ou installez depuis un dossier de wheels.</translation>
    </message>
    <message>
      <source>The paper's network with separate weights for each of five steps: five times as many weights.</source>
      <translation>Le réseau de l’article avec ses propres poids à chacun de cinq pas : cinq fois plus à apprendre.</translation>
    </message>
    <message>
      <source>The paper's network with shared weights for all classes: fewer weights for few labels.</source>
      <translation>Le réseau de l’article avec les mêmes poids pour toutes les classes : moins à apprendre de peu d’étiquettes.</translation>
    </message>
    <message>
      <source>The part of the image to process. Empty: the whole image.</source>
      <translation>La partie de l’image à traiter. Vide : toute l’image.</translation>
    </message>
    <message>
      <source>The pixel size of the computation. Results are written on the image's own pixels. Empty: </source>
      <translation>La taille de pixel du calcul. Les résultats reviennent sur les pixels de l’image. Vide : </translation>
    </message>
    <message>
      <source>The pretrained refiner is as good there: {:.3f}.</source>
      <translation>Le raffineur dont il est parti y est aussi bon : {:.3f}.</translation>
    </message>
    <message>
      <source>The previous refiner stays selected; the new one is in the list. Label more, or train without pretrained weights.</source>
      <translation>Celui-là reste choisi ; le nouveau est dans la liste. Étiquetez davantage, ou entraînez sans continuer.</translation>
    </message>
    <message>
      <source>The proxy refused the connection. Check Settings &gt; Options &gt; Network, or install from a folder of wheels.</source>
      <translation>Le mandataire a dit non. Vérifiez-le dans Préférences &gt; Options &gt; Réseau, ou utilisez un dossier de wheels.</translation>
    </message>
    <message>
      <source>The refiner does not beat the coarse map (held-out mean IoU {:.3f}, coarse map {:.3f}): label more, or export step 0.</source>
      <translation>Le raffineur ne bat pas la carte grossière (IoU moyen de validation {:.3f}, carte grossière {:.3f}) : étiquetez davantage, ou exportez le pas 0.</translation>
    </message>
    <message>
      <source>The refiner does not beat the coarse map on held-out blocks. Keep the coarse map, or label more.</source>
      <translation>Il ne bat pas la carte grossière sur la partie de validation : gardez celle-ci, ou étiquetez davantage.</translation>
    </message>
    <message>
      <source>The refiner does not beat the coarse map on held-out blocks: mean IoU {:.3f} at its best step (coarse map: {:.3f}).</source>
      <translation>Le raffineur ne bat pas la carte grossière sur la partie de validation : IoU moyen {:.3f} à son meilleur pas, carte grossière {:.3f}.</translation>
    </message>
    <message>
      <source>The refiner is no better than its pretrained start: held-out mean IoU {:.3f}, before {:.3f} (coarse map: {:.3f}).</source>
      <translation>Le raffineur n’est pas meilleur que celui dont il est parti : {:.3f}, {:.3f} avant, carte grossière {:.3f} (IoU moyen de validation).</translation>
    </message>
    <message>
      <source>The report cannot be written to {}: {}. Close the files where they are open, make room, or choose another place.</source>
      <translation>Le rapport ne peut pas être écrit dans {} : {}. Fermez les fichiers là où ils sont ouverts, faites de la place ou choisissez un autre endroit.</translation>
    </message>
    <message>
      <source>The same network with an unbounded activation, for comparison; its training may diverge.</source>
      <translation>Le même réseau avec une activation non bornée, dont l’entraînement peut diverger ; pour comparer.</translation>
    </message>
    <message>
      <source>The same network with one activation slope for all channels.</source>
      <translation>Le même réseau, dont l’activation se courbe de même dans tous les canaux.</translation>
    </message>
    <message>
      <source>The same network with the usual activation, for comparison.</source>
      <translation>Le même réseau avec l’activation habituelle, pour comparer.</translation>
    </message>
    <message>
      <source>The same with only a stride of 32 pixels, for comparison: finds only large objects.</source>
      <translation>Le même avec le seul pas de 32 pixels : grandes choses seulement, pour comparer.</translation>
    </message>
    <message>
      <source>The same with only strides of 32 and 16 pixels: coarser outlines.</source>
      <translation>Le même avec les seuls pas de 32 et 16 pixels : contours plus grossiers.</translation>
    </message>
    <message>
      <source>The scene has {} × {} pixels</source>
      <translation>La scène a {} × {} pixels</translation>
    </message>
    <message>
      <source>The training was stopped early. Train longer before you judge the result. The coarse map is shown.</source>
      <translation>L’entraînement a été arrêté tôt : laissez-le durer plus longtemps avant d’en juger. La carte grossière est affichée.</translation>
    </message>
    <message>
      <source>The votes of 200 decision trees: trains in seconds and is robust; needs scikit-learn.</source>
      <translation>Les votes de 200 arbres de décision : entraîné en quelques secondes, et difficile à gâter ; demande scikit-learn.</translation>
    </message>
    <message>
      <source>The worker crashed with an access violation (exit code {code}).</source>
      <translation>Le processus de calcul s’est écrasé par une violation d’accès (code {code}).</translation>
    </message>
    <message>
      <source>The worker ended unexpectedly (exit code {code}). {last}</source>
      <translation>Le processus de calcul s’est terminé de façon inattendue (code {code}). {last}</translation>
    </message>
    <message>
      <source>The worker is not responding. Wait, or cancel.</source>
      <translation>Le processus de calcul ne répond pas. Attendez, ou annulez.</translation>
    </message>
    <message>
      <source>The worker was killed (exit code {code}), probably because memory ran out. Try a smaller area or a larger working pixel.</source>
      <translation>Le processus de calcul a été tué (code {code}), sans doute faute de mémoire. Essayez une zone plus petite ou un pixel de travail plus grand.</translation>
    </message>
    <message>
      <source>There is no band {}; the image has bands 1 to {}.</source>
      <translation>Il n’y a pas de bande {} ; l’image a les bandes 1 à {}.</translation>
    </message>
    <message>
      <source>There is no band {}; the layer has bands 1 to {}.</source>
      <translation>Il n’y a pas de bande {} ; la couche a les bandes 1 à {}.</translation>
    </message>
    <message>
      <source>There is no field “{}”; the fields are {}.</source>
      <translation>Il n’y a pas de champ « {} » ; les champs sont {}.</translation>
    </message>
    <message>
      <source>There is no file of weights {}.</source>
      <translation>Il n’y a pas de fichier de poids {}.</translation>
    </message>
    <message>
      <source>There is no folder {}.</source>
      <translation>Il n’y a pas de dossier {}.</translation>
    </message>
    <message>
      <source>There is no wheel (*.whl) in {}.</source>
      <translation>Il n’y a pas de wheel (*.whl) dans {}.</translation>
    </message>
    <message>
      <source>This Python cannot create environments. Install python3-venv on Debian and Ubuntu, or choose another Python.</source>
      <translation>Ce Python ne peut pas créer d’environnements. Installez python3-venv sous Debian et Ubuntu, ou choisissez-en un autre.</translation>
    </message>
    <message>
      <source>This Python is too old: 3.10 or newer is needed. Choose another Python.</source>
      <translation>Ce Python est trop ancien : il faut 3.10 ou plus récent. Choisissez un autre Python.</translation>
    </message>
    <message>
      <source>This is not a working Python. Choose another one.</source>
      <translation>Ce Python ne fonctionne pas. Choisissez-en un autre.</translation>
    </message>
    <message>
      <source>This version ships no weights. Choose a file of weights.</source>
      <translation>Cette version est fournie sans poids. Choisissez un fichier de poids.</translation>
    </message>
    <message>
      <source>Tolerance of the outlines, in metres</source>
      <translation>Tolérance des contours, en mètres</translation>
    </message>
    <message>
      <source>Train coarse model</source>
      <translation>Entraîner un modèle grossier</translation>
    </message>
    <message>
      <source>Train from random weights instead of pretrained ones.</source>
      <translation>Ne partir d’aucun poids, pas même de ceux qui sont fournis.</translation>
    </message>
    <message>
      <source>Train from scratch</source>
      <translation>Entraîner à partir de zéro</translation>
    </message>
    <message>
      <source>Train refiner</source>
      <translation>Entraîner un raffineur</translation>
    </message>
    <message>
      <source>Training</source>
      <translation>Entraînement</translation>
    </message>
    <message>
      <source>Training finished. Best result at step {}: mean IoU {:.3f} on held-out blocks (coarse map: {:.3f}).</source>
      <translation>Entraînement terminé. Meilleur résultat au pas {} : IoU moyenne {:.3f} sur les blocs de contrôle (carte grossière : {:.3f}).</translation>
    </message>
    <message>
      <source>Training iterations</source>
      <translation>Itérations d'entraînement</translation>
    </message>
    <message>
      <source>Trains a classification network for an image from vector layers, and saves its weights to a file for &lt;i&gt;Classify image&lt;/i&gt;.

Choose polygons of buildings, lines or polygons of roads, or one layer of polygons of any classes with a text field that names them. Uncovered pixels are background. OpenStreetMap is good enough: the refiner corrects its shifts and omissions. Or choose labels instead, which define their own classes: polygons or points with a text field &lt;i&gt;class&lt;/i&gt;, or a raster of class indices. Unlabelled pixels are ignored.

Training usually takes two minutes on a processor. The held-out mean IoU is measured on parts of the image that are not used for training, against the same layers.

Kinds:</source>
      <translation>Entraîne un réseau à distinguer des classes dans une image, à partir de couches vecteur qui la recouvrent, et l’enregistre dans un fichier de poids pour &lt;i&gt;Classer une image&lt;/i&gt;.

Donnez des polygones de bâtiments, des lignes ou polygones de routes, ou une couche de polygones de classes quelconques avec un champ texte qui les nomme ; ce qu’aucune entité ne couvre est le fond. OpenStreetMap suffit : qu’il soit décalé et incomplet, c’est l’affaire du raffineur. Ou donnez plutôt des étiquettes, qui apportent leurs propres classes : des polygones ou points avec un champ texte &lt;i&gt;class&lt;/i&gt;, ou un raster d’indices de classe ; ce qui est entre eux ne dit rien.

Deux minutes sur un processeur sont habituelles. L’IoU moyen de validation est mesuré sur des parties de l’image que l’entraînement n’a pas vues, avec les mêmes couches.

Sortes :</translation>
    </message>
    <message>
      <source>Trains a refiner on one labelled tile of an image, from the scores of a coarse map, and saves its weights to a file for &lt;i&gt;Refine scores&lt;/i&gt;. Training usually takes about a minute.

The labels are polygons with a text field &lt;i&gt;class&lt;/i&gt;: the classes of the map, &lt;i&gt;tile&lt;/i&gt; for the outline of the labelled area (unlabelled pixels inside it count as background), and &lt;i&gt;ignore&lt;/i&gt;. Or a raster of class indices with background 0 and unlabelled 255.

Blocks of the tile are held out: compare the held-out mean IoU with the mean IoU of the coarse map there. A best step of 0 means that the coarse map is as good.

Kinds:</source>
      <translation>Entraîne un raffineur sur une tuile étiquetée d’une image, à partir des scores d’une carte grossière, et l’enregistre dans un fichier de poids pour &lt;i&gt;Raffiner des scores&lt;/i&gt;. Une minute environ est habituelle.

Les étiquettes sont des polygones avec un champ texte &lt;i&gt;class&lt;/i&gt; : les classes de la carte, &lt;i&gt;tile&lt;/i&gt; pour le contour de ce qui est étiqueté (ce qui y reste nu compte comme fond), et &lt;i&gt;ignore&lt;/i&gt;. Ou un raster d’indices de classe, fond 0, non étiqueté 255.

Des parties de la tuile sont mises de côté : comparez l’IoU moyen de validation avec celui de la carte grossière au même endroit. Un meilleur pas de 0 veut dire que la carte grossière est aussi bonne.

Sortes :</translation>
    </message>
    <message>
      <source>True class</source>
      <translation>Classe vraie</translation>
    </message>
    <message>
      <source>Trying parameter values {} of {}</source>
      <translation>Essai des paramètres {} sur {}</translation>
    </message>
    <message>
      <source>Unshared</source>
      <translation>Non partagé</translation>
    </message>
    <message>
      <source>Update {} of {}, loss {:.3f}</source>
      <translation>Mise à jour {} sur {}, perte {:.3f}</translation>
    </message>
    <message>
      <source>VGG-16 weights</source>
      <translation>Poids de VGG-16</translation>
    </message>
    <message>
      <source>Weights</source>
      <translation>Poids</translation>
    </message>
    <message>
      <source>Weights of a learned refiner of this kind, with the same bands and with the classes of the map, to start the training from. This usually gives a better refiner. Empty: the shipped weights, where they fit.</source>
      <translation>Les poids d’un raffineur appris de cette sorte, pour autant de bandes, qui connaît les classes de la carte : les mêmes étiquettes enseignent alors le plus souvent davantage. Vide : les poids fournis, s’ils conviennent.</translation>
    </message>
    <message>
      <source>Width of road lines, in metres</source>
      <translation>Largeur des lignes de route, en mètres</translation>
    </message>
    <message>
      <source>Working pixel, in metres</source>
      <translation>Pixel de travail, en mètres</translation>
    </message>
    <message>
      <source>Wu and Prasad (2017) combine the probabilities of each pixel once with those of its neighbours instead.</source>
      <translation>joindre une fois l’opinion de chaque pixel à celle de ses voisins est ce que font Wu et Prasad (2017) à la place.</translation>
    </message>
    <message>
      <source>classes</source>
      <translation>classes</translation>
    </message>
    <message>
      <source>feature {}</source>
      <translation>entité {}</translation>
    </message>
    <message>
      <source>features {}</source>
      <translation>entités {}</translation>
    </message>
    <message>
      <source>fewer than {:g} % of the pixels change</source>
      <translation>moins de {:g} % des pixels changent</translation>
    </message>
    <message>
      <source>mapped as {}</source>
      <translation>cartographié {}</translation>
    </message>
    <message>
      <source>on held-out blocks, this refiner does not beat the coarse map</source>
      <translation>sur la partie de validation, ce raffineur ne bat pas la carte grossière</translation>
    </message>
    <message>
      <source>on held-out blocks, this refiner gains little after step {}</source>
      <translation>sur la partie de validation, ce raffineur gagne peu après le pas {}</translation>
    </message>
    <message>
      <source>overall accuracy {:.4f}, mean IoU {:.4f} ({})</source>
      <translation>exactitude globale {:.4f}, IoU moyen {:.4f} ({})</translation>
    </message>
    <message>
      <source>pip found no build of {} for this Python and this system. Choose another Python (3.10 to 3.13 have all), or another folder of wheels.</source>
      <translation>Là où pip a cherché, il n’y a pas de {} pour ce Python et ce système. Choisissez un autre Python (3.10 à 3.13 ont tout), ou un autre dossier de wheels.</translation>
    </message>
    <message>
      <source>the dense CRF needs no training, and you can train another refiner below.</source>
      <translation>le CRF dense n’a pas besoin d’apprentissage, et vous pouvez en former un autre ci-dessous.</translation>
    </message>
    <message>
      <source>the image's own pixel size, but at least 0.5 m.</source>
      <translation>celui de l’image, mais pas plus fin que 0,5 m.</translation>
    </message>
    <message>
      <source>the measured mean IoU was higher at step {} ({:.3f}, here {:.3f})</source>
      <translation>l’IoU moyen mesuré était plus haut au pas {} ({:.3f}, ici {:.3f})</translation>
    </message>
    <message>
      <source>the pixel size of the scores, or of the refiner.</source>
      <translation>celui des scores, ou du raffineur.</translation>
    </message>
    <message>
      <source>the pixel size of the scores.</source>
      <translation>celui des scores.</translation>
    </message>
    <message>
      <source>the pixel size of the training.</source>
      <translation>celui de l’entraînement du modèle.</translation>
    </message>
    <message>
      <source>unknown</source>
      <translation>inconnu</translation>
    </message>
    <message>
      <source>{:.4g} m</source>
      <translation>{:.4g} m</translation>
    </message>
    <message>
      <source>{} and {} more</source>
      <translation>{} et {} autres</translation>
    </message>
    <message>
      <source>{} contains other files. Choose an empty or new folder.</source>
      <translation>{} contient autre chose. Choisissez un dossier vide ou nouveau.</translation>
    </message>
    <message>
      <source>{} could not be started.</source>
      <translation>{} n’a pas pu être démarré.</translation>
    </message>
    <message>
      <source>{} holds no run that can be resumed: {}</source>
      <translation>{} ne contient pas de traitement à reprendre : {}</translation>
    </message>
    <message>
      <source>{} is in use by the layer “{}”. Choose another file, or remove the layer first.</source>
      <translation>{} est utilisé par la couche « {} ». Choisissez un autre fichier, ou enlevez d’abord la couche.</translation>
    </message>
    <message>
      <source>{} × {} pixels</source>
      <translation>{} × {} pixels</translation>
    </message>
    <message>
      <source>{}, shipped</source>
      <translation>{}, fourni</translation>
    </message>
    <message>
      <source>“{}” cannot be opened as a layer: {}</source>
      <translation>« {} » n’est pas une couche qui puisse être ouverte : {}</translation>
    </message>
    <message>
      <source>“{}” cannot be opened as a raster: {}</source>
      <translation>« {} » n’est pas un raster qui puisse être ouvert : {}</translation>
    </message>
    <message>
      <source>“{}” has features without a class of the map: {}. Set them to one of {}, “tile” or “ignore”.</source>
      <translation>Dans « {} », ces entités n’ont pas de classe que la carte connaisse : {}. Les classes sont {}, « tile » et « ignore ».</translation>
    </message>
    <message>
      <source>“{}” has self-intersecting or empty geometries: {}. Fix them with the Vertex Tool, or delete them.</source>
      <translation>Dans « {} », ces entités se croisent elles-mêmes ou sont vides : {}. Corrigez-les avec l’outil de nœud, ou supprimez-les.</translation>
    </message>
    <message>
      <source>“{}” is for other classes than those of this map</source>
      <translation>« {} » est pour d’autres classes que celles de cette carte</translation>
    </message>
    <message>
      <source>“{}” is for {} bands, and this map was made of {}</source>
      <translation>« {} » est pour {} bandes, et cette carte a été faite de {}</translation>
    </message>
    <message>
      <source>“{}” is not a band number. Write bands as 1, 2, 3, as a range, 1-10, or as 450-900 nm.</source>
      <translation>« {} » n’est pas un numéro de bande. Écrivez les bandes comme 1, 2, 3, comme une plage, 1-10, ou comme 450-900 nm.</translation>
    </message>
    <message>
      <source>“{}” must be a file that ends in {}.</source>
      <translation>« {} » doit être un fichier qui se termine par {}.</translation>
    </message>
    <message>
      <source>“{}” must end in {}.</source>
      <translation>« {} » doit se terminer par {}.</translation>
    </message>
  </context>
  <context>
    <name>MapRefinerDock</name>
    <message>
      <source>Map Refiner</source>
      <translation>Map Refiner</translation>
    </message>
  </context>
  <context>
    <name>MapRefinerPlugin</name>
    <message>
      <source>Map Refiner</source>
      <translation>Map Refiner</translation>
    </message>
    <message>
      <source>Show or hide the Map Refiner panel.</source>
      <translation>Ouvrir ou fermer le panneau qui corrige les cartes de classification.</translation>
    </message>
  </context>
  <context>
    <name>ModelCombo</name>
    <message>
      <source>From File…</source>
      <translation>Depuis un fichier…</translation>
    </message>
    <message>
      <source>Models</source>
      <translation>Modèles</translation>
    </message>
    <message>
      <source>Open Model</source>
      <translation>Ouvrir un modèle</translation>
    </message>
  </context>
  <context>
    <name>OptionsPage</name>
    <message>
      <source>Apple GPU (MPS)</source>
      <translation>GPU Apple (MPS)</translation>
    </message>
    <message>
      <source>Automatic (fastest available)</source>
      <translation>Automatique (le plus rapide)</translation>
    </message>
    <message>
      <source>Check this Python for the libraries that Map Refiner needs and for its device, and time a step.</source>
      <translation>Demander à ce Python les bibliothèques dont Map Refiner a besoin et son matériel, et chronométrer un pas.</translation>
    </message>
    <message>
      <source>Checking {}…</source>
      <translation>Interrogation de {}…</translation>
    </message>
    <message>
      <source>Cluster: {}</source>
      <translation>Grappe : {}</translation>
    </message>
    <message>
      <source>Create Environment…</source>
      <translation>Créer un environnement…</translation>
    </message>
    <message>
      <source>Create a Python environment for Map Refiner: PyTorch and its dependencies, in a separate folder.</source>
      <translation>Créer un environnement Python pour Map Refiner : PyTorch et ce qu’il lui faut, dans un dossier à lui.</translation>
    </message>
    <message>
      <source>Dask scheduler</source>
      <translation>Ordonnanceur Dask</translation>
    </message>
    <message>
      <source>Device</source>
      <translation>Matériel</translation>
    </message>
    <message>
      <source>Device: {}</source>
      <translation>Matériel : {}</translation>
    </message>
    <message>
      <source>Folder</source>
      <translation>Dossier</translation>
    </message>
    <message>
      <source>Missing: {}. Install them with pip.</source>
      <translation>Il manque : {}. Installez-les-y avec pip.</translation>
    </message>
    <message>
      <source>NVIDIA GPU (CUDA)</source>
      <translation>GPU NVIDIA (CUDA)</translation>
    </message>
    <message>
      <source>No Python was found. Click Create Environment…, or choose one.</source>
      <translation>Aucun Python n'a été trouvé. Cliquez sur Créer un environnement…, ou choisissez-en un.</translation>
    </message>
    <message>
      <source>None was found</source>
      <translation>Aucun n’a été trouvé</translation>
    </message>
    <message>
      <source>One step on 1000 × 1000 pixels: {}</source>
      <translation>Un pas sur 1000 × 1000 pixels : {}</translation>
    </message>
    <message>
      <source>Processor</source>
      <translation>Processeur</translation>
    </message>
    <message>
      <source>Python</source>
      <translation>Python</translation>
    </message>
    <message>
      <source>Python {}: {}</source>
      <translation>Python {} : {}</translation>
    </message>
    <message>
      <source>Test</source>
      <translation>Tester</translation>
    </message>
    <message>
      <source>Test result</source>
      <translation>Ce qu’a ce Python</translation>
    </message>
    <message>
      <source>The Python of the worker: any 3.10 or newer, outside QGIS, with PyTorch and rasterio. Empty: the value of {}, or the plugin's own environment.</source>
      <translation>Le Python qui calcule : 3.10 ou plus récent, hors de QGIS, avec PyTorch et rasterio. Vide : celui que nomme {}, ou celui de l’environnement de l’extension.</translation>
    </message>
    <message>
      <source>The address of a Dask cluster that the Processing algorithms use for whole images, evaluation and polygons. Its workers need the same version of Map Refiner and access to the files. Empty: only this computer. Test also checks the cluster.</source>
      <translation>L’adresse d’une grappe Dask dont les algorithmes de Processing se servent pour les images entières, les mesures et les polygones. Ses processus ont besoin de la même version de Map Refiner et doivent voir les fichiers. Vide : cette machine seule. Tester interroge aussi la grappe.</translation>
    </message>
    <message>
      <source>The device of the worker. The dock shows which one is in use.</source>
      <translation>Ce qui calcule. Le panneau montre ce qui sert.</translation>
    </message>
    <message>
      <source>The folder of run rasters and labelled tiles. Map Refiner never deletes them: empty “runs” yourself when their projects are finished.</source>
      <translation>Où sont gardés les rasters des traitements et vos tuiles étiquetées. Map Refiner ne les supprime jamais : videz vous-même « runs » quand les projets qui les montrent sont finis.</translation>
    </message>
    <message>
      <source>This Python cannot run the worker. {}</source>
      <translation>Il ne peut pas calculer. {}</translation>
    </message>
    <message>
      <source>This is not a working Python. {}</source>
      <translation>Ce n’est pas un Python qui marche. {}</translation>
    </message>
  </context>
  <context>
    <name>PixelInspectorControl</name>
    <message>
      <source>QGIS cannot open {}. The file may be missing.</source>
      <translation>QGIS ne peut pas ouvrir {} ; il a peut-être disparu.</translation>
    </message>
    <message>
      <source>There is no data at this pixel.</source>
      <translation>Il n’y a pas de données en ce pixel.</translation>
    </message>
    <message>
      <source>This place is outside the scene.</source>
      <translation>C’est hors de la scène.</translation>
    </message>
    <message>
      <source>{} · step {}: {}</source>
      <translation>{} · pas {} : {}</translation>
    </message>
  </context>
  <context>
    <name>PreviewLayer</name>
    <message>
      <source>Step {} · {} (preview)</source>
      <translation>Pas {} · {} (aperçu)</translation>
    </message>
    <message>
      <source>classes</source>
      <translation>classes</translation>
    </message>
  </context>
  <context>
    <name>RefineSection</name>
    <message>
      <source>Accuracy at each step</source>
      <translation>Exactitude à chaque pas</translation>
    </message>
    <message>
      <source>Add a layer of the shown step: its uncertainty, or its changes.</source>
      <translation>Ajouter une couche du pas montré : là où il hésite, ou ce qu’il a changé.</translation>
    </message>
    <message>
      <source>All steps</source>
      <translation>Tous les pas</translation>
    </message>
    <message>
      <source>Animate</source>
      <translation>Animer</translation>
    </message>
    <message>
      <source>Boundary IoU</source>
      <translation>IoU des contours</translation>
    </message>
    <message>
      <source>Change Since the Coarse Map</source>
      <translation>Changement depuis la carte grossière</translation>
    </message>
    <message>
      <source>Change Since the Last Step</source>
      <translation>Changement depuis le pas précédent</translation>
    </message>
    <message>
      <source>Changed</source>
      <translation>Changé</translation>
    </message>
    <message>
      <source>Choose a refiner first.</source>
      <translation>Choisissez d’abord un raffineur.</translation>
    </message>
    <message>
      <source>Classes</source>
      <translation>Classes</translation>
    </message>
    <message>
      <source>Coarse {} · lower resolution, for viewing only</source>
      <translation>Grossier {} · résolution inférieure, seulement pour l'affichage</translation>
    </message>
    <message>
      <source>Compare with</source>
      <translation>Comparer avec</translation>
    </message>
    <message>
      <source>Description of the refiner</source>
      <translation>Ce que fait le raffineur</translation>
    </message>
    <message>
      <source>End at step</source>
      <translation>Finir au pas</translation>
    </message>
    <message>
      <source>Heat Map of {}</source>
      <translation>Carte de chaleur de {}</translation>
    </message>
    <message>
      <source>Make a coarse map first.</source>
      <translation>Faites d’abord une carte grossière.</translation>
    </message>
    <message>
      <source>Mean IoU</source>
      <translation>IoU moyen</translation>
    </message>
    <message>
      <source>More Layers</source>
      <translation>Autres couches</translation>
    </message>
    <message>
      <source>Pause</source>
      <translation>Pause</translation>
    </message>
    <message>
      <source>Play</source>
      <translation>Jouer</translation>
    </message>
    <message>
      <source>Play the steps with QGIS's Temporal Controller, which also exports animations. Click again to stop.</source>
      <translation>Jouer les pas avec le contrôleur temporel de QGIS, qui les exporte aussi en animation. Cliquez de nouveau pour finir.</translation>
    </message>
    <message>
      <source>Refine</source>
      <translation>Raffiner</translation>
    </message>
    <message>
      <source>Refine step by step up to the end step, and show each step.</source>
      <translation>Raffiner pas à pas jusqu’au numéro de fin, en montrant chaque pas.</translation>
    </message>
    <message>
      <source>Refine the shown map once. Later steps are recomputed.</source>
      <translation>Raffiner une fois la carte montrée. Les pas qui la suivaient sont refaits.</translation>
    </message>
    <message>
      <source>Refine up to the end step, then show the last step.</source>
      <translation>Raffiner d’un coup jusqu’au numéro de fin, puis montrer le dernier pas.</translation>
    </message>
    <message>
      <source>Refiner</source>
      <translation>Raffineur</translation>
    </message>
    <message>
      <source>Run to End</source>
      <translation>À la fin</translation>
    </message>
    <message>
      <source>Show</source>
      <translation>Montrer</translation>
    </message>
    <message>
      <source>Show Filters…</source>
      <translation>Filtres…</translation>
    </message>
    <message>
      <source>Show the learned kernels of the refiner, and their responses to the scores of the shown step and to the image.</source>
      <translation>Voir les noyaux que le raffineur a appris, et ce qu’ils répondent aux scores du pas montré et à l’image.</translation>
    </message>
    <message>
      <source>Show the previous step. Nothing is computed or lost.</source>
      <translation>Montrer le pas précédent. Rien n’est calculé ni perdu.</translation>
    </message>
    <message>
      <source>Slide through the steps; nothing is computed or lost.</source>
      <translation>Parcourir les pas ; rien n’est calculé ni perdu.</translation>
    </message>
    <message>
      <source>Step</source>
      <translation>Un pas</translation>
    </message>
    <message>
      <source>Step Back</source>
      <translation>Reculer</translation>
    </message>
    <message>
      <source>Step {} · the coarse map</source>
      <translation>Pas {} · la carte grossière</translation>
    </message>
    <message>
      <source>Step {} · {} of pixels changed</source>
      <translation>Pas {} · {} des pixels changés</translation>
    </message>
    <message>
      <source>Stop after the running step.</source>
      <translation>Arrêter après le pas en cours.</translation>
    </message>
    <message>
      <source>The class map, or the heat map of one class: its score from 0 (dark) to 1 (bright).</source>
      <translation>La carte des classes, ou la carte de chaleur d’une classe : son score de 0 (sombre) à 1 (clair).</translation>
    </message>
    <message>
      <source>The end step has been reached. Choose a later one to continue.</source>
      <translation>Le pas final est atteint. Choisissez-en un plus grand pour continuer.</translation>
    </message>
    <message>
      <source>The last step of Play and Run to End. Refiners are trained for about five steps.</source>
      <translation>Où Jouer et À la fin s’arrêtent. Les raffineurs sont entraînés pour environ cinq pas.</translation>
    </message>
    <message>
      <source>The method of each step: a shipped refiner, one that you trained, one from a file, or one that needs no training.</source>
      <translation>Ce qui améliore la carte à chaque pas : un raffineur fourni, un que vous avez entraîné, un d’un fichier, ou un qui n’a rien à apprendre.</translation>
    </message>
    <message>
      <source>The shown step</source>
      <translation>Le pas montré</translation>
    </message>
    <message>
      <source>The step to compare with the shown one.</source>
      <translation>Le pas à voir à la place de celui qui est affiché, ou à côté.</translation>
    </message>
    <message>
      <source>There is no refiner yet. Load one, or train one below.</source>
      <translation>Il n’y a pas encore de raffineur : chargez-en un, ou entraînez-en un ci-dessous.</translation>
    </message>
    <message>
      <source>Uncertainty</source>
      <translation>Incertitude</translation>
    </message>
  </context>
  <context>
    <name>ReportControl</name>
    <message>
      <source>, … ({} in all)</source>
      <translation>, … ({} en tout)</translation>
    </message>
    <message>
      <source>A report is being written. Wait until it is finished.</source>
      <translation>Un rapport est déjà en cours d’écriture. Attendez-le.</translation>
    </message>
    <message>
      <source>Area</source>
      <translation>Zone</translation>
    </message>
    <message>
      <source>Bands</source>
      <translation>Bandes</translation>
    </message>
    <message>
      <source>CRS</source>
      <translation>SCR</translation>
    </message>
    <message>
      <source>Coarse map</source>
      <translation>Carte grossière</translation>
    </message>
    <message>
      <source>Corrections</source>
      <translation>Corrections</translation>
    </message>
    <message>
      <source>File</source>
      <translation>Fichier</translation>
    </message>
    <message>
      <source>File of the coarse map</source>
      <translation>Fichier de la carte grossière</translation>
    </message>
    <message>
      <source>File of the refiner</source>
      <translation>Fichier du raffineur</translation>
    </message>
    <message>
      <source>Folder of the run</source>
      <translation>Dossier du traitement</translation>
    </message>
    <message>
      <source>Kind of the refiner</source>
      <translation>Type du raffineur</translation>
    </message>
    <message>
      <source>Layer</source>
      <translation>Couche</translation>
    </message>
    <message>
      <source>Refiner</source>
      <translation>Raffineur</translation>
    </message>
    <message>
      <source>Report</source>
      <translation>Rapport</translation>
    </message>
    <message>
      <source>The report was cancelled; nothing was written.</source>
      <translation>Le rapport a été annulé ; rien n’est écrit.</translation>
    </message>
    <message>
      <source>The report was written to {}.</source>
      <translation>Le rapport est écrit dans {}.</translation>
    </message>
    <message>
      <source>the whole layer</source>
      <translation>toute la couche</translation>
    </message>
    <message>
      <source>unknown</source>
      <translation>inconnu</translation>
    </message>
    <message>
      <source>{} ({} corrections)</source>
      <translation>{} ({} corrections)</translation>
    </message>
  </context>
  <context>
    <name>RunPersistenceControl</name>
    <message>
      <source>QGIS ended before the run on “{}” of {} was saved in a project.</source>
      <translation>QGIS s’est terminé avant que le traitement de « {} » du {} soit enregistré dans un projet.</translation>
    </message>
    <message>
      <source>Restore Run</source>
      <translation>Restaurer le travail</translation>
    </message>
    <message>
      <source>The run is restored, with {} steps. Save the project.</source>
      <translation>Le traitement est revenu, avec {} pas. Enregistrez le projet.</translation>
    </message>
    <message>
      <source>The steps of the run in {} are missing.</source>
      <translation>Les pas du traitement dans {} ont disparu.</translation>
    </message>
  </context>
  <context>
    <name>SceneControl</name>
    <message>
      <source>Choose a raster layer first.</source>
      <translation>Choisissez d’abord une couche raster.</translation>
    </message>
    <message>
      <source>Drag an image file onto the map, such as a GeoTIFF.</source>
      <translation>Glissez un fichier image sur la carte, par exemple un GeoTIFF.</translation>
    </message>
    <message>
      <source>Draw the rectangle on the map first.</source>
      <translation>Dessinez d’abord le rectangle sur la carte.</translation>
    </message>
    <message>
      <source>The layer has no CRS, so sizes are in the layer's own pixels and areas are unknown.</source>
      <translation>La couche n’a pas de SCR : les tailles sont en pixels de la couche, et les surfaces restent inconnues.</translation>
    </message>
    <message>
      <source>This is large: start with a smaller area.</source>
      <translation>C’est grand : commencez par une zone plus petite.</translation>
    </message>
    <message>
      <source>{} × {} pixels, {:.3g} megapixels; about {:.3g} MB per step on disk.</source>
      <translation>{} × {} pixels, {:.3g} mégapixels ; environ {:.3g} Mo par pas sur le disque.</translation>
    </message>
  </context>
  <context>
    <name>SceneSection</name>
    <message>
      <source> m</source>
      <translation> m</translation>
    </message>
    <message>
      <source>Add a small synthetic town to the project, with a labelled tile and the ground truth.</source>
      <translation>Ajouter au projet une petite ville synthétique, avec une tuile étiquetée et la vérité terrain.</translation>
    </message>
    <message>
      <source>Area</source>
      <translation>Zone</translation>
    </message>
    <message>
      <source>As They Are</source>
      <translation>Telles quelles</translation>
    </message>
    <message>
      <source>Bands</source>
      <translation>Bandes</translation>
    </message>
    <message>
      <source>Colours</source>
      <translation>Couleurs</translation>
    </message>
    <message>
      <source>Draw rectangle</source>
      <translation>Dessiner un rectangle</translation>
    </message>
    <message>
      <source>Draw the area on the map: press, drag, release.</source>
      <translation>Dessiner la zone sur la carte : presser, tirer, relâcher.</translation>
    </message>
    <message>
      <source>Image's own</source>
      <translation>Celui de l’image</translation>
    </message>
    <message>
      <source>Infrared</source>
      <translation>Infrarouge</translation>
    </message>
    <message>
      <source>Map View</source>
      <translation>Vue de la carte</translation>
    </message>
    <message>
      <source>Natural</source>
      <translation>Naturelles</translation>
    </message>
    <message>
      <source>Open Demo Scene</source>
      <translation>Ouvrir la démonstration</translation>
    </message>
    <message>
      <source>Raster layer</source>
      <translation>Couche raster</translation>
    </message>
    <message>
      <source>Rectangle</source>
      <translation>Rectangle</translation>
    </message>
    <message>
      <source>Scene</source>
      <translation>Scène</translation>
    </message>
    <message>
      <source>Short-wave Infrared</source>
      <translation>Infrarouge à ondes courtes</translation>
    </message>
    <message>
      <source>Size of the scene</source>
      <translation>Taille de la scène</translation>
    </message>
    <message>
      <source>The bands to use, such as 1, 2, 3 or 1-10, or 450-900 nm where the layer has wavelengths. A model needs the number and order of bands that it was trained on.</source>
      <translation>Les bandes à utiliser, comme 1, 2, 3 ou 1-10, ou 450-900 nm si la couche connaît ses longueurs d’onde. Il en faut à un modèle autant que lors de son entraînement, dans le même ordre.</translation>
    </message>
    <message>
      <source>The image to map. It must be stored as a file and may have any number of bands.</source>
      <translation>L'image à cartographier. Elle doit être un fichier et peut avoir un nombre quelconque de bandes.</translation>
    </message>
    <message>
      <source>The part of the layer to process. Start with a small part: each step then takes only a moment.</source>
      <translation>La partie de la couche à traiter. Commencez par une petite partie : chaque clic ne prend alors qu’un instant.</translation>
    </message>
    <message>
      <source>The pixel size of the computation, in metres on the ground. Larger pixels are faster and give more context, but less detail. Exports use the image's own pixels.</source>
      <translation>La taille de pixel du calcul, en mètres au sol. De plus grands pixels vont plus vite ; les réseaux voient plus loin, mais moins net. À l’export, les résultats reviennent sur les pixels de l’image.</translation>
    </message>
    <message>
      <source>The wavelengths that the layer shows as red, green and blue: natural (650, 560, 480 nm), infrared (850, 650, 560) or short-wave infrared (2200, 850, 650). This affects only the display, not the results.</source>
      <translation>Les longueurs d'onde que la couche affiche en rouge, vert et bleu : naturelles (650, 560, 480 nm), infrarouge (850, 650, 560) ou infrarouge à ondes courtes (2200, 850, 650). Cela ne change que l'affichage, pas les résultats.</translation>
    </message>
    <message>
      <source>Whole Layer</source>
      <translation>Toute la couche</translation>
    </message>
    <message>
      <source>Working pixel</source>
      <translation>Pixel de travail</translation>
    </message>
  </context>
  <context>
    <name>ScoreLayers</name>
    <message>
      <source>Coarse {}</source>
      <translation>Grossière {}</translation>
    </message>
    <message>
      <source>Refined: {}</source>
      <translation>Raffiné : {}</translation>
    </message>
    <message>
      <source>Step 0 (Coarse Map)</source>
      <translation>Pas 0 (carte grossière)</translation>
    </message>
    <message>
      <source>Step {}</source>
      <translation>Pas {}</translation>
    </message>
  </context>
  <context>
    <name>Section</name>
    <message>
      <source>Another task is running.</source>
      <translation>Une autre tâche est en cours.</translation>
    </message>
    <message>
      <source>Make a coarse map first.</source>
      <translation>Faites d’abord une carte grossière.</translation>
    </message>
    <message>
      <source>Set up Python first, with the button below.</source>
      <translation>Installez d'abord Python, avec le bouton ci-dessous.</translation>
    </message>
  </context>
  <context>
    <name>Spectra</name>
    <message>
      <source>Mean of the labelled pixels in the image's own units, with one standard deviation: {}.</source>
      <translation>Moyenne des pixels étiquetés dans les unités de l’image, et un écart-type autour : {}.</translation>
    </message>
    <message>
      <source>Spectra of the classes</source>
      <translation>Spectres des classes</translation>
    </message>
    <message>
      <source>band</source>
      <translation>bande</translation>
    </message>
    <message>
      <source>nm</source>
      <translation>nm</translation>
    </message>
    <message>
      <source>{} · {} pixels</source>
      <translation>{} · {} pixels</translation>
    </message>
  </context>
  <context>
    <name>StepChart</name>
    <message>
      <source>Accuracy</source>
      <translation>Exactitude</translation>
    </message>
    <message>
      <source>Boundary</source>
      <translation>Contours</translation>
    </message>
    <message>
      <source>Mean IoU</source>
      <translation>IoU moyen</translation>
    </message>
    <message>
      <source>The accuracy of each step against the chosen labels: the overall accuracy, the mean IoU, the IoU of each class (dotted), and the mean boundary IoU within two pixels of the outlines, where a sharper map shows first.</source>
      <translation>L’exactitude de chaque pas par rapport aux étiquettes mesurées : la part des pixels justes, l’IoU moyen, l’IoU de chaque classe (pointillé), et l’IoU moyen de ce qui est à moins de deux pixels des contours, où une carte plus nette se voit d’abord.</translation>
    </message>
  </context>
  <context>
    <name>StepControl</name>
    <message>
      <source>Refining…</source>
      <translation>Raffinement…</translation>
    </message>
    <message>
      <source>Step {} resumes: {} of {} tiles are finished already.</source>
      <translation>Le pas {} reprend avec {} de {} tuiles, déjà terminées.</translation>
    </message>
    <message>
      <source>{} of {} tiles of step {} are finished and kept. Making the step again resumes from them.</source>
      <translation>{} de {} tuiles du pas {} sont terminées et gardées : le refaire les reprend.</translation>
    </message>
  </context>
  <context>
    <name>TrainSection</name>
    <message>
      <source>Add a “tile” polygon around the visible part of the scene. Anything left unlabelled inside it counts as background.</source>
      <translation>Ajouter un polygone « tile » autour de ce que la carte montre de la scène. Tout ce que vous y laissez sans étiquette compte comme fond.</translation>
    </message>
    <message>
      <source>Choose labels first, or create a tile.</source>
      <translation>Choisissez d’abord des étiquettes, ou faites une tuile.</translation>
    </message>
    <message>
      <source>Create a polygon layer for digitizing. Draw the outline of a small area as class “tile”, then every building and road inside it. Anything left unlabelled inside the tile counts as background. Mark unclear places as “ignore”.</source>
      <translation>Créer une couche de polygones où numériser. Dessinez le contour d’une petite partie avec la classe « tile », puis tous les bâtiments et toutes les routes qu’elle contient : ce qui reste nu à l’intérieur compte comme fond. Marquez « ignore » ce que vous ne pouvez pas dire.</translation>
    </message>
    <message>
      <source>Description of the refiner kind</source>
      <translation>Ce que fait cette sorte de raffineur</translation>
    </message>
    <message>
      <source>Evaluate</source>
      <translation>Évaluer</translation>
    </message>
    <message>
      <source>Evaluate every step against the chosen labels. Scores are optimistic where the refiner was trained on these labels; use a tile that was not used for training.</source>
      <translation>Mesurer chaque pas avec les étiquettes choisies. Là où le raffineur a appris d’elles, les chiffres le flattent : mesurez sur une tuile qu’il n’a pas vue.</translation>
    </message>
    <message>
      <source>Kind</source>
      <translation>Sorte</translation>
    </message>
    <message>
      <source>Labels</source>
      <translation>Étiquettes</translation>
    </message>
    <message>
      <source>Load Refiner</source>
      <translation>Charger un raffineur</translation>
    </message>
    <message>
      <source>Load Refiner…</source>
      <translation>Charger…</translation>
    </message>
    <message>
      <source>Load a refiner from a file.</source>
      <translation>Prendre un raffineur dans un fichier.</translation>
    </message>
    <message>
      <source>Loss and held-out mean IoU during training</source>
      <translation>Perte et IoU moyen de validation pendant l’entraînement</translation>
    </message>
    <message>
      <source>Models</source>
      <translation>Modèles</translation>
    </message>
    <message>
      <source>New Labelled Tile</source>
      <translation>Nouvelle tuile</translation>
    </message>
    <message>
      <source>Outline View</source>
      <translation>Contour vue</translation>
    </message>
    <message>
      <source>Polygons with a text field “class”, whose values are the classes of the map, “tile” or “ignore”. Any CRS works.</source>
      <translation>Des polygones avec un champ texte « class », dont les valeurs sont les classes de la carte, « tile » ou « ignore ». Tout SCR convient.</translation>
    </message>
    <message>
      <source>Save Refiner</source>
      <translation>Enregistrer le raffineur</translation>
    </message>
    <message>
      <source>Save Refiner…</source>
      <translation>Enregistrer…</translation>
    </message>
    <message>
      <source>Save the chosen refiner to a file, for other scenes.</source>
      <translation>Enregistrer le raffineur choisi dans un fichier, pour d’autres scènes.</translation>
    </message>
    <message>
      <source>Save the labels and train a refiner on them. This takes about a minute; you can continue working.</source>
      <translation>Enregistrer les étiquettes, puis entraîner un raffineur avec elles. Cela prend environ une minute ; continuez entre-temps.</translation>
    </message>
    <message>
      <source>Solid: mean IoU on the held-out blocks of the tile. Dashed: the coarse map on the same blocks. Thin: the loss, on its own scale.</source>
      <translation>Trait plein : IoU moyenne sur les blocs de validation de la tuile. Tirets : la carte grossière sur les mêmes blocs. Trait fin : la perte, à sa propre échelle.</translation>
    </message>
    <message>
      <source>Start from pretrained weights</source>
      <translation>Partir de poids pré-entraînés</translation>
    </message>
    <message>
      <source>Start from the weights of the refiner chosen under Refine, or of the shipped refiner, if it is of this kind and has the classes of the map. This usually gives a better refiner. If this is off, or the refiner does not match, training starts from random weights.</source>
      <translation>Partir des poids du raffineur choisi sous Raffiner, ou du raffineur fourni, s'il est de ce type et a les classes de la carte. Cela donne en général un meilleur raffineur. Si l'option est désactivée ou si le raffineur ne convient pas, l'entraînement part de poids aléatoires.</translation>
    </message>
    <message>
      <source>Stop</source>
      <translation>Arrêter</translation>
    </message>
    <message>
      <source>Stop the training now and keep the best weights.</source>
      <translation>Terminer l’entraînement maintenant et garder ses meilleurs poids.</translation>
    </message>
    <message>
      <source>The kind of refiner to train. Learned networks adapt their weights; for the other kinds, a grid search finds the parameters that fit the labels best.</source>
      <translation>La sorte de raffineur à entraîner. Les réseaux appris adaptent leurs poids ; pour les autres, on cherche les paramètres qui vont le mieux sur les étiquettes.</translation>
    </message>
    <message>
      <source>Train</source>
      <translation>Entraîner</translation>
    </message>
    <message>
      <source>Training progress</source>
      <translation>Progression de l’entraînement</translation>
    </message>
  </context>
  <context>
    <name>TrainingControl</name>
    <message>
      <source>Choose a label layer first, or create one with New Labelled Tile.</source>
      <translation>Choisissez d’abord une couche d’étiquettes, ou créez-en une avec Nouvelle tuile.</translation>
    </message>
    <message>
      <source>Digitize in “{}”: first a “tile”, then the objects inside it.</source>
      <translation>Numérisez dans « {} » : d’abord une « tile », puis ce qu’elle contient.</translation>
    </message>
    <message>
      <source>Evaluating the accuracy…</source>
      <translation>Mesure de l’exactitude…</translation>
    </message>
    <message>
      <source>Loading the refiner…</source>
      <translation>Chargement du raffineur…</translation>
    </message>
    <message>
      <source>Starting from “{}”.</source>
      <translation>Suite de « {} ».</translation>
    </message>
    <message>
      <source>The refiner cannot be saved: {}</source>
      <translation>Le raffineur ne peut pas être enregistré : {}</translation>
    </message>
    <message>
      <source>The refiner was saved to {}.</source>
      <translation>Le raffineur est enregistré dans {}.</translation>
    </message>
    <message>
      <source>Training…</source>
      <translation>Entraînement…</translation>
    </message>
    <message>
      <source>{}, trained on {}</source>
      <translation>{}, entraîné sur {}</translation>
    </message>
  </context>
  <context>
    <name>UncertainPlaceControl</name>
    <message>
      <source>Choose labels under Train to measure the gain.</source>
      <translation>Choisissez des étiquettes dans Enseigner pour que le gain soit mesuré.</translation>
    </message>
    <message>
      <source>Evaluating the accuracy…</source>
      <translation>Mesure de l’exactitude…</translation>
    </message>
    <message>
      <source>Finding uncertain places…</source>
      <translation>Recherche des endroits douteux…</translation>
    </message>
    <message>
      <source>Map Refiner: Next Place to Look at</source>
      <translation>Map Refiner : endroit suivant à regarder</translation>
    </message>
    <message>
      <source>Mean IoU on the labels when the list was made: {:.3f}.</source>
      <translation>IoU moyen sur les étiquettes quand la liste a été faite : {:.3f}.</translation>
    </message>
    <message>
      <source>Mean IoU on the labels: {:.3f}, and now {:.3f} ({:+.1f} points).</source>
      <translation>IoU moyen sur les étiquettes : {:.3f}, et maintenant {:.3f} ({:+.1f} points).</translation>
    </message>
    <message>
      <source>No place is uncertain.</source>
      <translation>Aucun endroit n’est douteux.</translation>
    </message>
    <message>
      <source>{} of {} places corrected.</source>
      <translation>Endroits corrigés : {} sur {}.</translation>
    </message>
    <message>
      <source>{}. {} or {}? Uncertainty {:.0f} %</source>
      <translation>{}. {} ou {} ? Incertitude {:.0f} %</translation>
    </message>
  </context>
  <context>
    <name>Worker</name>
    <message>
      <source>A band occurs twice in {text!r}.</source>
      <translation>Une bande figure deux fois dans {text!r}.</translation>
    </message>
    <message>
      <source>A block has ended {number} workers in a row; they may lack memory.</source>
      <translation>Un bloc a fait échouer {number} travailleurs de suite ; ils manquent peut-être de mémoire.</translation>
    </message>
    <message>
      <source>A grid needs at least one pixel; this one is {width} x {height}.</source>
      <translation>Une grille a au moins un pixel ; celle-ci en a {width} x {height}.</translation>
    </message>
    <message>
      <source>A pixel size of {wanted_m} m makes {width} x {height} pixels of {name}; choose a larger one.</source>
      <translation>Avec une taille de pixel de {wanted_m} m, {name} aurait {width} x {height} pixels ; choisissez-en une plus grande.</translation>
    </message>
    <message>
      <source>A scheduler needs Dask, which is not installed here: pip install "dask[distributed]".</source>
      <translation>Un ordonnanceur demande Dask, qui n'est pas installé ici : pip install "dask[distributed]".</translation>
    </message>
    <message>
      <source>A worker lacks a library: {error}. Install {distribution} there.</source>
      <translation>Il manque une bibliothèque à un travailleur : {error}. Installez-y {distribution}.</translation>
    </message>
    <message>
      <source>About {number:,.0f} MB are needed in {folder}, and {number_2:,.0f} MB are free.</source>
      <translation>Il faut environ {number:,.0f} Mo dans {folder}, et {number_2:,.0f} Mo sont libres.</translation>
    </message>
    <message>
      <source>An unexpected error occurred ({error}).</source>
      <translation>Une erreur inattendue s'est produite ({error}).</translation>
    </message>
    <message>
      <source>Another scene is given as IMAGE=LABELS where the first has labels, and else as IMAGE; found {text!r}.</source>
      <translation>Une autre scène se donne sous la forme IMAGE=ÉTIQUETTES si la première a des étiquettes, sinon IMAGE ; trouvé : {text!r}.</translation>
    </message>
    <message>
      <source>Applying the corrections</source>
      <translation>Application des corrections</translation>
    </message>
    <message>
      <source>Bands are numbers (1,2,3), ranges (1-10) or wavelengths (450-900 nm); found {part!r}.</source>
      <translation>Les bandes sont des numéros (1,2,3), des intervalles (1-10) ou des longueurs d'onde (450-900 nm) ; trouvé : {part!r}.</translation>
    </message>
    <message>
      <source>Classifying</source>
      <translation>Classification</translation>
    </message>
    <message>
      <source>Coordinates cannot be transformed from the CRS {source} to the CRS {target}.</source>
      <translation>Les coordonnées ne peuvent pas être transformées du SCR {source} vers le SCR {target}.</translation>
    </message>
    <message>
      <source>Evaluating</source>
      <translation>Évaluation</translation>
    </message>
    <message>
      <source>Evaluating the accuracy</source>
      <translation>Évaluation de la précision</translation>
    </message>
    <message>
      <source>Filtering the scene</source>
      <translation>Filtrage de la scène</translation>
    </message>
    <message>
      <source>Finding uncertain places</source>
      <translation>Recherche des endroits incertains</translation>
    </message>
    <message>
      <source>Finished parts are kept; --resume, or the same algorithm again, continues from them.</source>
      <translation>Les parties terminées sont conservées ; --resume, ou le même algorithme relancé, les réutilise.</translation>
    </message>
    <message>
      <source>GeoJSON needs longitude and latitude, and the scene has no CRS or a local one. Choose .gpkg or .shp, or assign a CRS.</source>
      <translation>GeoJSON exige longitude et latitude, et la scène n'a pas de SCR ou en a un local. Choisissez .gpkg ou .shp, ou attribuez un SCR.</translation>
    </message>
    <message>
      <source>No Dask scheduler answers at an empty address; give one such as tcp://HOST:8786.</source>
      <translation>Aucun ordonnanceur Dask ne répond à une adresse vide ; donnez-en une comme tcp://HOST:8786.</translation>
    </message>
    <message>
      <source>No Dask scheduler answers at {address}: {error}.</source>
      <translation>Aucun ordonnanceur Dask ne répond à {address} : {error}.</translation>
    </message>
    <message>
      <source>No class is given; a coarse net needs at least one, such as building.</source>
      <translation>Aucune classe n'est donnée ; un modèle grossier en demande au moins une, comme building.</translation>
    </message>
    <message>
      <source>No filter is chosen; choose at least one.</source>
      <translation>Aucun filtre n'est choisi ; choisissez-en au moins un.</translation>
    </message>
    <message>
      <source>No polygon or point of {name} has a class in the field {field!r}.</source>
      <translation>Aucun polygone ou point de {name} n'a de classe dans le champ {field!r}.</translation>
    </message>
    <message>
      <source>No scene is open.</source>
      <translation>Aucune scène n'est ouverte.</translation>
    </message>
    <message>
      <source>No {name} of the vector layers lies within the scene; check their CRS and their extent.</source>
      <translation>Aucun élément {name} des couches vectorielles n'est dans la scène ; vérifiez leur SCR et leur étendue.</translation>
    </message>
    <message>
      <source>Nothing is corrected within the scene yet; paint something first.</source>
      <translation>Rien n'est encore corrigé dans la scène ; peignez d'abord quelque chose.</translation>
    </message>
    <message>
      <source>Nothing is labelled where the image has data.</source>
      <translation>Rien n'est étiqueté là où l'image a des données.</translation>
    </message>
    <message>
      <source>Nothing is labelled within the scene; check the extent and the CRS of the labels.</source>
      <translation>Rien n'est étiqueté dans la scène ; vérifiez l'étendue et le SCR des étiquettes.</translation>
    </message>
    <message>
      <source>Nothing is labelled within the scene; draw the tile over the image.</source>
      <translation>Rien n'est étiqueté dans la scène ; dessinez la tuile sur l'image.</translation>
    </message>
    <message>
      <source>Out of memory on {device}; continuing on the CPU.</source>
      <translation>Mémoire insuffisante sur {device} ; poursuite sur le processeur.</translation>
    </message>
    <message>
      <source>Out of memory on {device}; continuing with tiles of {side} pixels.</source>
      <translation>Mémoire insuffisante sur {device} ; poursuite avec des tuiles de {side} pixels.</translation>
    </message>
    <message>
      <source>Reading scores</source>
      <translation>Lecture des scores</translation>
    </message>
    <message>
      <source>Reading the corrections</source>
      <translation>Lecture des corrections</translation>
    </message>
    <message>
      <source>Reading the spectra</source>
      <translation>Lecture des spectres</translation>
    </message>
    <message>
      <source>Reading the vector layers</source>
      <translation>Lecture des couches vectorielles</translation>
    </message>
    <message>
      <source>Refining</source>
      <translation>Raffinement</translation>
    </message>
    <message>
      <source>Scores of shape {scores_shape} and a mask of shape {valid_shape} do not fit {count_classes} classes on {grid_height} rows x {grid_width} columns.</source>
      <translation>Des scores de forme {scores_shape} et un masque de forme {valid_shape} ne correspondent pas à {count_classes} classes sur {grid_height} lignes x {grid_width} colonnes.</translation>
    </message>
    <message>
      <source>The CRS is not one that PROJ knows: {crs}.</source>
      <translation>PROJ ne connaît pas ce SCR : {crs}.</translation>
    </message>
    <message>
      <source>The CRS of the image is not tied to the earth, so widths are unknown: {crs}.</source>
      <translation>Le SCR de l'image n'est pas rattaché à la Terre ; les largeurs sont donc inconnues : {crs}.</translation>
    </message>
    <message>
      <source>The area lies outside the raster; draw it over the raster layer.</source>
      <translation>La zone est en dehors du raster ; dessinez-la sur la couche raster.</translation>
    </message>
    <message>
      <source>The area {area} is not a rectangle.</source>
      <translation>La zone {area} n'est pas un rectangle.</translation>
    </message>
    <message>
      <source>The card in {name} cannot be read.</source>
      <translation>La fiche du modèle {name} est illisible.</translation>
    </message>
    <message>
      <source>The coarse model {request_kind!r} is none of {coarse_kinds}.</source>
      <translation>Le modèle grossier {request_kind!r} n'est pas l'un de {coarse_kinds}.</translation>
    </message>
    <message>
      <source>The corrections no longer apply: {reason}</source>
      <translation>Les corrections ne s'appliquent plus : {reason}</translation>
    </message>
    <message>
      <source>The corrections were for the classes {classes}; they no longer apply.</source>
      <translation>Les corrections portaient sur les classes {classes} ; elles ne s'appliquent plus.</translation>
    </message>
    <message>
      <source>The device mps is not there: PyTorch sees no Apple GPU.</source>
      <translation>Le périphérique mps est absent : PyTorch ne voit pas de GPU Apple.</translation>
    </message>
    <message>
      <source>The device {wanted} is not there: PyTorch {torch_version} sees {count} CUDA devices.</source>
      <translation>Le périphérique {wanted} est absent : PyTorch {torch_version} voit {count} périphériques CUDA.</translation>
    </message>
    <message>
      <source>The folder {path} cannot be made: {value}.</source>
      <translation>Impossible de créer le dossier {path} : {value}.</translation>
    </message>
    <message>
      <source>The image has no CRS, so lines cannot be given a width in metres; assign its CRS.</source>
      <translation>L'image n'a pas de SCR ; les lignes ne peuvent donc pas avoir de largeur en mètres. Attribuez-lui son SCR.</translation>
    </message>
    <message>
      <source>The kind {kind!r} has no VGG-16 backbone; {able} have one.</source>
      <translation>Le type {kind!r} n'a pas de réseau de base VGG-16 ; {able} en ont un.</translation>
    </message>
    <message>
      <source>The kind {kind!r} is trained by a grid search; it cannot start from {name}.</source>
      <translation>Le type {kind!r} est entraîné par une recherche sur grille ; il ne peut pas partir de {name}.</translation>
    </message>
    <message>
      <source>The labels hold only one class, {class_name!r}; training needs at least two.</source>
      <translation>Les étiquettes ne contiennent qu'une classe, {class_name!r} ; l'entraînement en demande au moins deux.</translation>
    </message>
    <message>
      <source>The labels hold the class index {present}, but there are {count_classes} classes: {classes} (indices 0 to {number}; 255 is unlabelled).</source>
      <translation>Les étiquettes contiennent l'indice de classe {present}, mais il y a {count_classes} classes : {classes} (indices 0 à {number} ; 255 est non étiqueté).</translation>
    </message>
    <message>
      <source>The labels span {window_width} x {window_height} pixels; a training tile has at most {number:.0f} megapixels. Label a smaller tile, or choose a larger pixel size.</source>
      <translation>Les étiquettes couvrent {window_width} x {window_height} pixels ; une tuile d'entraînement a au plus {number:.0f} mégapixels. Étiquetez une tuile plus petite, ou choisissez un pixel plus grand.</translation>
    </message>
    <message>
      <source>The memory is full; a smaller area or a larger pixel size needs less.</source>
      <translation>La mémoire est pleine ; une zone plus petite ou un pixel plus grand en demande moins.</translation>
    </message>
    <message>
      <source>The pixel size must be a positive number of metres; found {wanted_m}.</source>
      <translation>La taille de pixel doit être un nombre positif de mètres ; trouvé : {wanted_m}.</translation>
    </message>
    <message>
      <source>The polygons of {name} and those of {name_2} lie apart; check the extent and the CRS of both.</source>
      <translation>Les polygones de {name} et de {name_2} ne se recouvrent pas ; vérifiez l'étendue et le SCR des deux.</translation>
    </message>
    <message>
      <source>The refiner cannot be loaded: {reason} Choose a refiner again.</source>
      <translation>Le raffineur ne peut pas être chargé : {reason} Choisissez de nouveau un raffineur.</translation>
    </message>
    <message>
      <source>The refiner was for the classes {classes}; choose another.</source>
      <translation>Le raffineur était destiné aux classes {classes} ; choisissez-en un autre.</translation>
    </message>
    <message>
      <source>The refiner {kind!r} has no learned filters to show.</source>
      <translation>Le raffineur {kind!r} n'a pas de filtres appris à montrer.</translation>
    </message>
    <message>
      <source>The refiner {request_kind!r} is none of {kinds}.</source>
      <translation>Le raffineur {request_kind!r} n'est pas l'un de {kinds}.</translation>
    </message>
    <message>
      <source>The scene has no CRS, so the polygons have no area in square metres.</source>
      <translation>La scène n'a pas de SCR : les polygones n'ont donc pas de surface en mètres carrés.</translation>
    </message>
    <message>
      <source>The scheduler at {address} has no workers; start some: dask worker {address}.</source>
      <translation>L'ordonnanceur à {address} n'a pas de travailleurs ; lancez-en : dask worker {address}.</translation>
    </message>
    <message>
      <source>The scheduler at {address} no longer answers ({name}).</source>
      <translation>L'ordonnanceur à {address} ne répond plus ({name}).</translation>
    </message>
    <message>
      <source>The scores have no CRS, so no area or tolerance in metres can be kept; leave both at 0.</source>
      <translation>Les scores n'ont pas de SCR ; une surface ou une tolérance en mètres est donc impossible. Laissez les deux à 0.</translation>
    </message>
    <message>
      <source>The training of {net_kind} diverges at update {update}; choose another kind.</source>
      <translation>L'entraînement de {net_kind} diverge à l'itération {update} ; choisissez un autre type.</translation>
    </message>
    <message>
      <source>The weights in {name} are not those of its kind, {card_kind!r}.</source>
      <translation>Les poids de {name} ne correspondent pas à son type, {card_kind!r}.</translation>
    </message>
    <message>
      <source>The worker does not know the request {name}.</source>
      <translation>Le processus de calcul ne connaît pas la requête {name}.</translation>
    </message>
    <message>
      <source>The worker received an unknown message: {message}</source>
      <translation>Le processus de calcul a reçu un message inconnu : {message}</translation>
    </message>
    <message>
      <source>The worker {worker} cannot import Map Refiner; install {distribution} {here} there.</source>
      <translation>Le travailleur {worker} ne peut pas importer Map Refiner ; installez-y {distribution} {here}.</translation>
    </message>
    <message>
      <source>The worker {worker} does not see {folder}; write to storage that all workers share.</source>
      <translation>Le travailleur {worker} ne voit pas {folder} ; écrivez dans un stockage partagé par tous.</translation>
    </message>
    <message>
      <source>The worker {worker} has {distribution} {found}, and here is {here}; use one version.</source>
      <translation>Le travailleur {worker} a {distribution} {found}, et ici se trouve {here} ; utilisez une seule version.</translation>
    </message>
    <message>
      <source>The {size} processes of torchrun do not find each other: {error}.</source>
      <translation>Les {size} processus de torchrun ne se trouvent pas : {error}.</translation>
    </message>
    <message>
      <source>There is no class {k}; the last one is {number}.</source>
      <translation>La classe {k} n'existe pas ; la dernière est {number}.</translation>
    </message>
    <message>
      <source>There is no coarse map yet; classify the scene first.</source>
      <translation>Il n'y a pas encore de carte grossière ; classez d'abord la scène.</translation>
    </message>
    <message>
      <source>There is no data where you clicked.</source>
      <translation>Il n'y a pas de données à l'endroit du clic.</translation>
    </message>
    <message>
      <source>There is no data within the scene; choose another area, or scores that lie on it.</source>
      <translation>Il n'y a pas de données dans la scène ; choisissez une autre zone, ou des scores qui la recouvrent.</translation>
    </message>
    <message>
      <source>There is no device {wanted!r}; choose auto, cpu, cuda, cuda:N or mps.</source>
      <translation>Le périphérique {wanted!r} n'existe pas ; choisissez auto, cpu, cuda, cuda:N ou mps.</translation>
    </message>
    <message>
      <source>There is no file {file}.</source>
      <translation>Le fichier {file} n'existe pas.</translation>
    </message>
    <message>
      <source>There is no file {path}.</source>
      <translation>Le fichier {path} n'existe pas.</translation>
    </message>
    <message>
      <source>There is no filter {sort} {number}; the last one is {count_counts}.</source>
      <translation>Le filtre {sort} {number} n'existe pas ; le dernier est {count_counts}.</translation>
    </message>
    <message>
      <source>There is no folder {folder}.</source>
      <translation>Le dossier {folder} n'existe pas.</translation>
    </message>
    <message>
      <source>There is no folder {path_parent}.</source>
      <translation>Le dossier {path_parent} n'existe pas.</translation>
    </message>
    <message>
      <source>There is no polygon to write: the map is background everywhere.</source>
      <translation>Il n'y a aucun polygone à écrire : la carte ne contient que l'arrière-plan.</translation>
    </message>
    <message>
      <source>There is no refiner yet; choose one, or train one on a labelled tile.</source>
      <translation>Il n'y a pas encore de raffineur ; choisissez-en un, ou entraînez-en un sur une tuile étiquetée.</translation>
    </message>
    <message>
      <source>There is no step {index}; the last one is {number}.</source>
      <translation>Le pas {index} n'existe pas ; le dernier est {number}.</translation>
    </message>
    <message>
      <source>There is no step {start}; the last one is {number}.</source>
      <translation>Le pas {start} n'existe pas ; le dernier est {number}.</translation>
    </message>
    <message>
      <source>There is no step {step}; the last one is {number}.</source>
      <translation>Le pas {step} n'existe pas ; le dernier est {number}.</translation>
    </message>
    <message>
      <source>There is no view {view!r}; there are {views}.</source>
      <translation>La vue {view!r} n'existe pas ; les vues sont {views}.</translation>
    </message>
    <message>
      <source>There is too little memory even for the smallest tiles.</source>
      <translation>La mémoire est trop petite, même pour les plus petites tuiles.</translation>
    </message>
    <message>
      <source>This connected region extends over more than {reach} pixels. Paint or draw the correction instead.</source>
      <translation>Cette région connexe s'étend sur plus de {reach} pixels. Peignez ou dessinez plutôt la correction.</translation>
    </message>
    <message>
      <source>This is the coarse map: nothing has changed yet. Make a step first.</source>
      <translation>C'est la carte grossière : rien n'a encore changé. Faites d'abord un pas.</translation>
    </message>
    <message>
      <source>This place is outside the scene; click on the map within the scene.</source>
      <translation>Cet endroit est en dehors de la scène ; cliquez sur la carte dans la scène.</translation>
    </message>
    <message>
      <source>This refiner follows a formula and has no weights to fine-tune; choose a learned refiner, or train one.</source>
      <translation>Ce raffineur suit une formule et n'a pas de poids à ajuster ; choisissez un raffineur appris, ou entraînez-en un.</translation>
    </message>
    <message>
      <source>Tracing polygons</source>
      <translation>Tracé des polygones</translation>
    </message>
    <message>
      <source>Training</source>
      <translation>Entraînement</translation>
    </message>
    <message>
      <source>Training a random forest or a support vector machine needs scikit-learn, which this Python lacks; pip install scikit-learn. Using a trained one does not need it.</source>
      <translation>L'entraînement d'une forêt aléatoire ou d'une machine à vecteurs de support demande scikit-learn, absent de ce Python ; pip install scikit-learn. L'utilisation d'un modèle entraîné n'en a pas besoin.</translation>
    </message>
    <message>
      <source>Writing the class raster</source>
      <translation>Écriture du raster des classes</translation>
    </message>
    <message>
      <source>Writing the layer</source>
      <translation>Écriture de la couche</translation>
    </message>
    <message>
      <source>Writing the scores</source>
      <translation>Écriture des scores</translation>
    </message>
    <message>
      <source>{file_name} holds no {name}; torchvision's weights of VGG-16 are needed.</source>
      <translation>{file_name} ne contient pas {name} ; il faut les poids VGG-16 de torchvision.</translation>
    </message>
    <message>
      <source>{file_name} is not a whole safetensors file: {error}.</source>
      <translation>{file_name} n'est pas un fichier safetensors complet : {error}.</translation>
    </message>
    <message>
      <source>{folder} cannot be written: {value}.</source>
      <translation>Impossible d'écrire dans {folder} : {value}.</translation>
    </message>
    <message>
      <source>{folder} holds {name} of another run; delete it, or choose another folder.</source>
      <translation>{folder} contient {name} d'un autre traitement ; supprimez-le ou choisissez un autre dossier.</translation>
    </message>
    <message>
      <source>{folder} is not the folder of a run that can be resumed: {error}.</source>
      <translation>{folder} n'est pas le dossier d'un travail qui peut être repris : {error}.</translation>
    </message>
    <message>
      <source>{kind} trains on the spectra of one image; other kinds train on several images.</source>
      <translation>{kind} s'entraîne sur les spectres d'une seule image ; d'autres types s'entraînent sur plusieurs.</translation>
    </message>
    <message>
      <source>{names} of the earlier run were removed from {folder}.</source>
      <translation>{names} du traitement précédent ont été retirés de {folder}.</translation>
    </message>
    <message>
      <source>{name} cannot be read as vector data: {error}</source>
      <translation>{name} ne peut pas être lu comme données vectorielles : {error}</translation>
    </message>
    <message>
      <source>{name} cannot be used as pretrained weights: it is a refiner of the kind {card_kind!r} for {card_bands} bands and the classes {classes}; {kind!r}, {bands} bands and {classes_2} are needed.</source>
      <translation>{name} ne peut pas servir de poids pré-entraînés : c'est un raffineur du type {card_kind!r} pour {card_bands} bandes et les classes {classes} ; il faut {kind!r}, {bands} bandes et {classes_2}.</translation>
    </message>
    <message>
      <source>{name} expects {card_bands} bands; {count_bands} of {path_name} are chosen.</source>
      <translation>{name} attend {card_bands} bandes ; {count_bands} de {path_name} sont choisies.</translation>
    </message>
    <message>
      <source>{name} has complex values; convert it to amplitudes first.</source>
      <translation>{name} contient des valeurs complexes ; convertissez-les d'abord en amplitudes.</translation>
    </message>
    <message>
      <source>{name} has corrections of class {found}; the classes here are {classes}, and {unsure!r}.</source>
      <translation>{name} a des corrections de classe {found} ; les classes sont {classes}, et {unsure!r}.</translation>
    </message>
    <message>
      <source>{name} has no CRS, so its pixels have no size in metres. Assign its CRS, or leave the pixel size out.</source>
      <translation>{name} n'a pas de SCR ; ses pixels n'ont donc pas de taille en mètres. Attribuez-lui son SCR, ou laissez la taille de pixel vide.</translation>
    </message>
    <message>
      <source>{name} has no CRS: sizes are in pixels, and areas unknown.</source>
      <translation>{name} n'a pas de SCR : les tailles sont en pixels et les surfaces inconnues.</translation>
    </message>
    <message>
      <source>{name} has no data in band {bands}; such a band has no effect. Remove it from the bands.</source>
      <translation>{name} n'a pas de données dans la bande {bands} ; une telle bande est sans effet. Retirez-la des bandes.</translation>
    </message>
    <message>
      <source>{name} has no good band in {part}; its bands lie at {low:.0f}-{high:.0f} nm.</source>
      <translation>{name} n'a pas de bonne bande dans {part} ; ses bandes se situent à {low:.0f}-{high:.0f} nm.</translation>
    </message>
    <message>
      <source>{name} has no text field {field!r} with the class of each polygon; its fields: {found}.</source>
      <translation>{name} n'a pas de champ texte {field!r} avec la classe de chaque polygone ; ses champs : {found}.</translation>
    </message>
    <message>
      <source>{name} has no wavelengths; enter band numbers instead.</source>
      <translation>{name} n'a pas de longueurs d'onde ; saisissez plutôt des numéros de bande.</translation>
    </message>
    <message>
      <source>{name} has pixels without a size: {value}.</source>
      <translation>Les pixels de {name} n'ont pas de taille : {value}.</translation>
    </message>
    <message>
      <source>{name} has polygons of class {found}; the classes here are {classes}, and {tile!r} and {ignore!r} for outlines.</source>
      <translation>{name} a des polygones de classe {found} ; les classes sont {classes}, et {tile!r} et {ignore!r} pour les contours.</translation>
    </message>
    <message>
      <source>{name} has polygons of class {names}, {name_2} of {true}; one class at least must be in both.</source>
      <translation>{name} a des polygones de classe {names}, {name_2} de {true} ; il faut au moins une classe commune.</translation>
    </message>
    <message>
      <source>{name} has the classes {classes}, and {name_2} {classes_2}; name them in the order of their indices, with --class NAME.</source>
      <translation>{name} a les classes {classes}, et {name_2} {classes_2} ; nommez-les dans l'ordre de leurs indices avec --class NAME.</translation>
    </message>
    <message>
      <source>{name} has {count_image} bands, and {name_2} {count_image_2}; choose the same with --bands.</source>
      <translation>{name} a {count_image} bandes, et {name_2} {count_image_2} ; choisissez les mêmes avec --bands.</translation>
    </message>
    <message>
      <source>{name} has {count} bands; there is no band {missing}.</source>
      <translation>{name} a {count} bandes ; la bande {missing} n'existe pas.</translation>
    </message>
    <message>
      <source>{name} has {count} bands; there is no band {part}.</source>
      <translation>{name} a {count} bandes ; la bande {part} n'existe pas.</translation>
    </message>
    <message>
      <source>{name} has {lost} geometries that cannot be used: curves, surfaces or broken polygons. Convert the layer to polygons, with Fix Geometries or Convert Geometry Type.</source>
      <translation>{name} a {lost} géométries inutilisables : courbes, surfaces ou polygones défectueux. Convertissez la couche en polygones, avec Réparer les géométries ou Convertir le type de géométrie.</translation>
    </message>
    <message>
      <source>{name} has {nameless} features without a class in the field {field!r}; fill them in or delete them.</source>
      <translation>{name} a {nameless} entités sans classe dans le champ {field!r} ; complétez-les ou supprimez-les.</translation>
    </message>
    <message>
      <source>{name} holds a colour table (palette), whose indices are not colours. Expand it to three bands with Raster &gt; Conversion &gt; PCT to RGB, or gdal_translate -expand rgb.</source>
      <translation>{name} contient une table de couleurs (palette), dont les indices ne sont pas des couleurs. Convertissez-le en trois bandes avec Raster &gt; Conversion &gt; PCT vers RVB, ou gdal_translate -expand rgb.</translation>
    </message>
    <message>
      <source>{name} holds no band; it may hold layers: name one of them.</source>
      <translation>{name} ne contient aucune bande ; il contient peut-être des couches : nommez-en une.</translation>
    </message>
    <message>
      <source>{name} holds no polygons and no lines.</source>
      <translation>{name} ne contient ni polygones ni lignes.</translation>
    </message>
    <message>
      <source>{name} holds no polygons to measure against: none of a class, or none within its {tile!r}.</source>
      <translation>{name} ne contient aucun polygone de référence : aucun d'une classe, ou aucun dans son {tile!r}.</translation>
    </message>
    <message>
      <source>{name} holds polygons and {name_2} is a raster; polygons are measured against a vector layer of true polygons with a text field {field!r}.</source>
      <translation>{name} contient des polygones et {name_2} est un raster ; les polygones s'évaluent par rapport à une couche vectorielle avec un champ texte {field!r}.</translation>
    </message>
    <message>
      <source>{name} holds values from {min} to {max}; labels are whole class indices from 0, and 255 for unlabelled.</source>
      <translation>{name} contient des valeurs de {min} à {max} ; les étiquettes sont des indices de classe entiers à partir de 0, et 255 pour non étiqueté.</translation>
    </message>
    <message>
      <source>{name} holds weights that are not finite numbers; its training failed.</source>
      <translation>Les poids de {name} ne sont pas des nombres finis ; son entraînement a échoué.</translation>
    </message>
    <message>
      <source>{name} holds {found}; {wanted} is needed here.</source>
      <translation>{name} contient {found} ; il faut ici {wanted}.</translation>
    </message>
    <message>
      <source>{name} in {file_name} is {sides}; {wants}.</source>
      <translation>{name} dans {file_name} est {sides} ; {wants}.</translation>
    </message>
    <message>
      <source>{name} is not a raster that can be read: {error}.</source>
      <translation>{name} n'est pas un raster lisible : {error}.</translation>
    </message>
    <message>
      <source>{name} is of a kind that this version does not know: {text}.</source>
      <translation>{name} est d'un type que cette version ne connaît pas : {text}.</translation>
    </message>
    <message>
      <source>{name} is of the kind {card_kind!r}; only lrr can look at several scales.</source>
      <translation>{name} est du type {card_kind!r} ; seul lrr peut utiliser plusieurs échelles.</translation>
    </message>
    <message>
      <source>{name} is placed by {count} ground control points that are up to {away:.1f} pixels from a straight grid. Warp it first, with the Georeferencer or gdalwarp.</source>
      <translation>{name} est placé par {count} points de contrôle, à {away:.1f} pixels au plus d'une grille droite. Redressez-le d'abord, avec le Géoréférenceur ou gdalwarp.</translation>
    </message>
    <message>
      <source>{name} refines the classes {classes}; the coarse map has {classes_2}. Train a refiner on a tile of this scene.</source>
      <translation>{name} raffine les classes {classes} ; la carte grossière a {classes_2}. Entraînez un raffineur sur une tuile de cette scène.</translation>
    </message>
    <message>
      <source>{number} cannot be written: {value}.</source>
      <translation>Impossible d'écrire {number} : {value}.</translation>
    </message>
    <message>
      <source>{output} is an input; choose another output file.</source>
      <translation>{output} est une entrée ; choisissez un autre fichier de sortie.</translation>
    </message>
    <message>
      <source>{path_name} cannot be read to its end: {error}.</source>
      <translation>{path_name} ne peut pas être lu jusqu'au bout : {error}.</translation>
    </message>
    <message>
      <source>{path_name} cannot be warped to the grid of the scene: {error}.</source>
      <translation>{path_name} ne peut pas être projeté sur la grille de la scène : {error}.</translation>
    </message>
    <message>
      <source>{path_name} has {count_bands} bands; scores of at most {unlabelled} classes fit.</source>
      <translation>{path_name} a {count_bands} bandes ; des scores de {unlabelled} classes au plus conviennent.</translation>
    </message>
    <message>
      <source>{path_name} has {names}; name one of them with --key.</source>
      <translation>{path_name} contient {names} ; choisissez-en un avec --key.</translation>
    </message>
    <message>
      <source>{path_name} has {native_width} x {native_height} pixels and the scene {grid_width} x {grid_height}; without a CRS on both, their sizes must be equal.</source>
      <translation>{path_name} a {native_width} x {native_height} pixels et la scène {grid_width} x {grid_height} ; sans SCR des deux côtés, les tailles doivent être égales.</translation>
    </message>
    <message>
      <source>{path_name} holds values from {low:g} to {high:g}, which look like {what}; a single band of scores has probabilities (0 to 1), percentages (to 100) or bytes (to 255).</source>
      <translation>{path_name} contient des valeurs de {low:g} à {high:g}, qui ressemblent à {what} ; une bande unique de scores contient des probabilités (0 à 1), des pourcentages (jusqu'à 100) ou des octets (jusqu'à 255).</translation>
    </message>
    <message>
      <source>{path_name} holds weights, but not Map Refiner's.</source>
      <translation>{path_name} contient des poids, mais pas ceux de Map Refiner.</translation>
    </message>
    <message>
      <source>{path_name} holds whole numbers that do not add up to 100 or 255 over its {count_kept} bands, as the scores of classes do. Choose a raster with one probability a class.</source>
      <translation>{path_name} contient des entiers dont la somme sur ses {count_kept} bandes n'est ni 100 ni 255, comme celle des scores. Choisissez un raster avec une probabilité par classe.</translation>
    </message>
    <message>
      <source>{path_name} is NoData everywhere; choose an image with data in it.</source>
      <translation>{path_name} est NoData partout ; choisissez une image qui contient des données.</translation>
    </message>
    <message>
      <source>{path_name} is NoData everywhere; it holds no scores.</source>
      <translation>{path_name} est NoData partout ; il ne contient pas de scores.</translation>
    </message>
    <message>
      <source>{path_name} is a MATLAB file of version 7.3; save it with -v7, or as a GeoTIFF.</source>
      <translation>{path_name} est un fichier MATLAB de version 7.3 ; enregistrez-le avec -v7, ou en GeoTIFF.</translation>
    </message>
    <message>
      <source>{path_name} is not a whole MATLAB file: {error}.</source>
      <translation>{path_name} n'est pas un fichier MATLAB complet : {error}.</translation>
    </message>
    <message>
      <source>{path_name} is not a whole file of weights: {error}.</source>
      <translation>{path_name} n'est pas un fichier de poids complet : {error}.</translation>
    </message>
    <message>
      <source>{path_name} is too large for weights ({number:.1f} GB).</source>
      <translation>{path_name} est trop grand pour des poids ({number:.1f} Go).</translation>
    </message>
    <message>
      <source>{path_name} is too large to be read whole ({number:.1f} GB).</source>
      <translation>{path_name} est trop grand pour être lu en entier ({number:.1f} Go).</translation>
    </message>
    <message>
      <source>{path_name} should end in one of {drivers}.</source>
      <translation>{path_name} doit se terminer par l'un de {drivers}.</translation>
    </message>
    <message>
      <source>{path} cannot be written: it exists and is not a GeoPackage ({error}). Choose another file.</source>
      <translation>{path} ne peut pas être écrit : le fichier existe et n'est pas un GeoPackage ({error}). Choisissez un autre fichier.</translation>
    </message>
    <message>
      <source>{path} cannot be written: {error}.</source>
      <translation>Impossible d'écrire {path} : {error}.</translation>
    </message>
    <message>
      <source>{path} cannot be written: {error}. Is it open elsewhere, or the disk full?</source>
      <translation>Impossible d'écrire {path} : {error}. Est-il ouvert ailleurs, ou le disque plein ?</translation>
    </message>
    <message>
      <source>{path} cannot be written: {error}. Is the disk full?</source>
      <translation>Impossible d'écrire {path} : {error}. Le disque est-il plein ?</translation>
    </message>
    <message>
      <source>{path} cannot be written: {problem}. Is the disk full?</source>
      <translation>Impossible d'écrire {path} : {problem}. Le disque est-il plein ?</translation>
    </message>
    <message>
      <source>{path} cannot be written: {value}.</source>
      <translation>Impossible d'écrire {path} : {value}.</translation>
    </message>
    <message>
      <source>{source} has pixels of class {name!r}; the classes here are {classes}.</source>
      <translation>{source} a des pixels de la classe {name!r} ; les classes ici sont {classes}.</translation>
    </message>
    <message>
      <source>{target} cannot be written: {value}.</source>
      <translation>Impossible d'écrire {target} : {value}.</translation>
    </message>
    <message>
      <source>{wanted} in {path_name} is not an array of numbers of two or three dimensions.</source>
      <translation>{wanted} dans {path_name} n'est pas un tableau de nombres à deux ou trois dimensions.</translation>
    </message>
  </context>
  <context>
    <name>WorkerProcess</name>
    <message>
      <source>The worker did not react to Cancel within {} s and was terminated; finished steps are kept.</source>
      <translation>Le processus de calcul n’a pas répondu à Annuler en {} s et a été terminé ; les pas terminés sont gardés.</translation>
    </message>
    <message>
      <source>The worker did not start within {} s.</source>
      <translation>Le processus de calcul n’a pas démarré en {} s.</translation>
    </message>
    <message>
      <source>The worker uses version {} of the protocol, the plugin version {}.</source>
      <translation>Le processus de calcul parle la version {} du protocole, l’extension la version {}.</translation>
    </message>
  </context>
</TS>
