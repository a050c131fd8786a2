package vitiligo.official;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.hl7.fhir.r5.context.IWorkerContext;
import org.hl7.fhir.r5.context.IWorkerContext.VersionResolutionRules;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.model.CanonicalResource;
import org.hl7.fhir.r5.model.CanonicalType;
import org.hl7.fhir.r5.model.Resource;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.IValidatorResourceFetcher;

/** Answers from what is loaded and from nothing else; the engine insists on a fetcher. */
final class OfflineFetcher implements IValidatorResourceFetcher {
  private final IWorkerContext context;

  OfflineFetcher(IWorkerContext context) {
    this.context = context;
  }

  @Override
  public Element fetch(IResourceValidator validator, Object appContext, String url) {
    return null;
  }

  @Override
  public byte[] fetchRaw(IResourceValidator validator, String url) {
    return null;
  }

  /** As HL7's stand-alone validator decides: what is not FHIR's own and not a canonical is not looked into. */
  @Override
  public boolean resolveURL(
      IResourceValidator validator, Object appContext, String path, String url, VersionResolutionRules rules,
      String type, boolean canonical, List<CanonicalType> targets) {
    boolean known = context.fetchResource(Resource.class, url) != null;
    return known || !(canonical || "canonical".equals(type) || url.startsWith("http://hl7.org/fhir"));
  }

  @Override
  public CanonicalResource fetchCanonicalResource(IResourceValidator validator, Object appContext, String url) {
    return null;
  }

  @Override
  public boolean fetchesCanonicalResource(IResourceValidator validator, String url) {
    return false;
  }

  @Override
  public Set<ResourceVersionInformation> fetchCanonicalResourceVersions(
      IResourceValidator validator, Object appContext, String url) {
    return Set.of();
  }

  @Override
  public IValidatorResourceFetcher setLocale(Locale locale) {
    return this;
  }
}
