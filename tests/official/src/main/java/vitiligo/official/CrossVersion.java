package vitiligo.official;

import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hl7.fhir.r5.context.ContextUtilities;
import org.hl7.fhir.r5.context.SimpleWorkerContext;
import org.hl7.fhir.r5.model.ElementDefinition;
import org.hl7.fhir.r5.model.StructureDefinition;
import org.hl7.fhir.r5.utils.xver.XVerExtensionManager;
import org.hl7.fhir.r5.utils.xver.XVerExtensionManager.XVerExtensionStatus;
import org.hl7.fhir.r5.utils.xver.XVerExtensionManagerFactory;

/**
 * The definitions of cross-version extensions (https://hl7.org/fhir/versions.html#extensions) that this engine makes
 * but does not handle well. The engine prefers a definition that is loaded, so its own is loaded here, with snapshot.
 *
 * <p>Left alone, engine 6.10.3 checks the inside of such an extension the first time it meets one and never again. And
 * it writes the definition of an R5 element for R4 with R5's types, then throws on a type that R4 does not have: one
 * CodeableReference four levels down leaves every R4 resource with BodyStructure.includedStructure without a verdict.
 * The restriction to a type that the release does not know is therefore dropped.
 */
final class CrossVersion {
  private static final Pattern URL =
      Pattern.compile("http://hl7\\.org/fhir/[0-9.]+/StructureDefinition/extension-[A-Za-z.]+");

  private final SimpleWorkerContext context;
  private final XVerExtensionManager manager;
  private final Set<String> seen = new HashSet<>();

  CrossVersion(SimpleWorkerContext context) {
    this.context = context;
    this.manager = XVerExtensionManagerFactory.createExtensionManager(context);
  }

  /** Loads what the resource's cross-version extensions need. */
  void load(String resource) {
    Matcher found = URL.matcher(resource);
    while (found.find()) {
      if (seen.add(found.group()) && manager.status(found.group()) == XVerExtensionStatus.Valid) {
        loadWithoutUnknownTypes(manager.getDefinition(found.group()));
      }
    }
  }

  private void loadWithoutUnknownTypes(StructureDefinition definition) {
    for (ElementDefinition element : definition.getDifferential().getElement()) {
      element.getType().removeIf(type -> context.fetchTypeDefinition(type.getWorkingCode()) == null);
    }
    new ContextUtilities(context).generateSnapshot(definition);
    context.cacheResource(definition);
  }
}
